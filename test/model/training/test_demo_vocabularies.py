"""The demo world's named vocabularies say what its catalog says."""

from eovseg_model.simulation.catalog import KEPT_OUT_NAMES, TRAINED_NAMES, vocabulary_entries
from eovseg_model.training.demo.vocabularies import trained_captions, trained_names
from eovseg_model.vocabulary.vocabulary import Vocabulary, load_vocabulary


def test_files_follow_the_catalog():
    assert load_vocabulary("simulation_trained") == trained_names()
    assert load_vocabulary("simulation_captions") == trained_captions()
    assert load_vocabulary("simulation_trained") == Vocabulary.parse(vocabulary_entries(TRAINED_NAMES))


def test_kept_out_names_are_unseen_their_parts_are_seen():
    seen = load_vocabulary("simulation_captions")
    kept_out = Vocabulary.parse(vocabulary_entries(KEPT_OUT_NAMES))
    assert not any(kept_out.shares_synonym_with(seen))
    parts = [word for name in KEPT_OUT_NAMES for word in (name.split()[1], f"{name.split()[0]} object")]
    assert all(Vocabulary.parse(list(dict.fromkeys(parts))).shares_synonym_with(seen))
