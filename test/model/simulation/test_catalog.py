import pytest

from eovseg_model.simulation import catalog
from eovseg_model.vocabulary.vocabulary import Vocabulary


def test_every_composition_is_either_trained_or_kept_out():
    trained, kept_out = set(catalog.TRAINED_COMPOSITIONS), set(catalog.KEPT_OUT_NAMES)
    assert len(trained) == 34
    assert len(kept_out) == 8
    assert trained | kept_out == set(catalog.COMPOSITIONS)
    assert not trained & kept_out


def test_training_knows_every_colour_and_every_shape_of_the_kept_out_names():
    trained = [catalog.COMPOSITIONS[name] for name in catalog.TRAINED_COMPOSITIONS]
    for name in catalog.KEPT_OUT_NAMES:
        colour, shape = catalog.COMPOSITIONS[name]
        assert sum(shape == other for _, other in trained) >= 5
        assert sum(colour == other for other, _ in trained) >= 4


def test_no_word_names_two_things():
    words = [word for name in catalog.CATALOG for word in catalog.names_of(name)]
    assert len(words) == len(set(words))


def test_entries_carry_synonyms_and_stuff():
    assert catalog.vocabulary_entries(("red mug", "floor", "soccer ball")) == (
        "red mug,red cup",
        "floor,ground|stuff",
        "soccer ball,football",
    )


def test_entries_are_a_vocabulary_of_all_names():
    vocabulary = Vocabulary.parse(list(catalog.vocabulary_entries()))
    assert vocabulary.labels == catalog.CATALOG
    stuff = [label for label, thing in zip(vocabulary.labels, vocabulary.is_thing, strict=True) if not thing]
    assert tuple(stuff) == catalog.STUFF_NAMES


@pytest.mark.parametrize("name", ["green dog", "cup"])
def test_an_unknown_name_is_a_key_error(name):
    with pytest.raises(KeyError):
        catalog.names_of(name)
