"""Entries of a vocabulary together: sets by both of their marks, and names that two entries have."""

import json
import logging

import pytest

from eovseg_model.vocabulary.entries import _warn_once
from eovseg_model.vocabulary.vocabulary import Vocabulary, VocabularyError, load_vocabulary


@pytest.fixture
def kitchen(tmp_path):
    """A file with the classes cup (also mug), spoon and floor (stuff)."""
    classes = [{"names": ["cup", "mug"]}, {"names": ["spoon"]}, {"names": ["floor"], "thing": False}]
    path = tmp_path / "kitchen.json"
    path.write_text(json.dumps({"classes": classes}))
    return path


@pytest.fixture
def warnings(caplog):
    """Returns the warnings' texts."""
    _warn_once.cache_clear()
    caplog.set_level(logging.WARNING)
    return lambda: caplog.messages


@pytest.mark.parametrize("mark", ["@", "set=", " set= "])
def test_both_marks_stand_for_a_set(mark, kitchen):
    assert Vocabulary.parse([mark + "coco_panoptic"]) == load_vocabulary("coco_panoptic")
    assert Vocabulary.parse([f"{mark}{kitchen}"]).labels == ("cup", "spoon", "floor")


def test_a_set_may_have_a_comma_in_its_path(kitchen, tmp_path):
    path = kitchen.rename(tmp_path / "cups, spoons.json")
    assert Vocabulary.parse([f"@{path}"]).labels == ("cup", "spoon", "floor")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("mug,@coco_panoptic", "'@coco_panoptic' stands for a whole set.*entry of its own"),
        ("mug, set=lvis|stuff", "'set=lvis' stands for a whole set"),
        ("@coco_panoptic,mug", "a set cannot have synonyms.*write '@coco_panoptic'"),
        ("set=lvis|stuff", "a set cannot have synonyms.*write 'set=lvis'"),
        ("@~nobody_of_this_name/a.json,b", "a set cannot have synonyms"),
    ],
)
def test_a_set_among_names_is_refused(entry, reason):
    with pytest.raises(VocabularyError, match=reason):
        Vocabulary.parse([entry])


def test_an_entry_takes_precedence_over_a_class_of_a_set(kitchen, warnings):
    entry = f"@{kitchen}"
    both = Vocabulary.parse(["table", entry, "Cup,beaker|stuff"])
    assert both.labels == ("table", "spoon", "floor", "Cup")
    assert both.is_thing == (True, True, False, False)
    assert both.synonyms == ("table", "spoon", "floor", "Cup", "beaker")  # mug has gone with its class
    assert warnings() == [f"{entry}: your own entries take precedence over its classes for 'cup'"]
    Vocabulary.parse(["table", entry, "Cup,beaker|stuff"])
    assert len(warnings()) == 1


def test_a_synonym_of_a_set_may_become_a_class_of_its_own(kitchen, warnings):
    assert Vocabulary.parse(["mug", f"@{kitchen}"]).synonyms == ("mug", "cup", "spoon", "floor")
    assert warnings() == [f"@{kitchen}: your own entries take precedence over its classes for 'mug'"]


def test_a_warning_shows_some_names_of_many(warnings):
    labels = load_vocabulary("coco_panoptic").labels[:17]
    assert len(Vocabulary.parse([*labels, "set=coco_panoptic"])) == 133
    assert warnings()[0].endswith(f"{labels[7]!r} and 9 more")


def test_nothing_is_said_where_nothing_is_left_out(kitchen, warnings):
    Vocabulary.parse(["table", f"@{kitchen}"])
    assert warnings() == []


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        (["mug", "cup,Mug"], "'Mug' is a duplicate: 'mug' and 'cup,Mug' both have it"),
        (["mug|stuff", "@{}", "MUG"], "'MUG' is a duplicate: 'mug|stuff' and 'MUG' both have it"),
        (["@{}", "set={}"], "'cup' is a duplicate: '@{}' and 'set={}' both have it"),
    ],
)
def test_a_duplicate_names_both_entries(entries, reason, kitchen):
    with pytest.raises(VocabularyError) as caught:
        Vocabulary.parse([entry.format(kitchen) for entry in entries])
    assert reason.format(kitchen, kitchen) in str(caught.value)
