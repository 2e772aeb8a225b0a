"""What a user may write as a vocabulary, and what is refused with which words."""

import pytest

from eovseg_model.vocabulary.vocabulary import Vocabulary, VocabularyClass, VocabularyError, load_vocabulary


def test_entries():
    vocabulary = Vocabulary.parse(["mug, cup", "robot  arm", "floor,ground | stuff", "car|thing"])
    assert vocabulary.labels == ("mug", "robot arm", "floor", "car")
    assert vocabulary.is_thing == (True, True, False, True)
    assert vocabulary.synonyms == ("mug", "cup", "robot arm", "floor", "ground", "car")
    assert len(vocabulary) == 4


def test_named_vocabulary_beside_entries():
    vocabulary = Vocabulary.parse(["@coco_panoptic", "robot arm"])
    assert len(vocabulary) == 134
    assert vocabulary.labels[0] == "person" and vocabulary.labels[-1] == "robot arm"
    assert sum(vocabulary.is_thing) == 80 + 1


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "empty"),
        ([""], "empty name"),
        (["mug,,cup"], "empty name"),
        (["|stuff"], "empty name"),
        (["floor|ground"], "thing or stuff"),
        (["mug", "cup,Mug"], "duplicate"),
        (["mug,mug"], "duplicate"),
        (["m" * 81], f"'{'m' * 30}'... is too long; use at most 80 characters"),
        (["mug\ud800"], "surrogates"),  # half a character, which no message can carry
        (["mug\0cup"], "control characters"),
        ([f"class {i}" for i in range(4097)], "too many"),
        (["@nonsense"], "@coco_panoptic"),
        (["mug", 3], "quotes"),
        ("mug", "list of strings"),
    ],
)
def test_refusals(entries, words):
    with pytest.raises(VocabularyError, match=words):
        Vocabulary.parse(entries)


def test_shared_synonyms():
    ours = Vocabulary.parse(["cup,mug", "robot arm", "Sky|stuff"])
    theirs = Vocabulary.parse(["mug", "sky|stuff"])
    assert ours.shares_synonym_with(theirs) == [True, False, True]


@pytest.mark.parametrize(
    ("name", "other", "shared"),
    [
        ("shelf", "shelves", True),
        ("knife", "knives", True),
        ("cell phone", "Cell-Phones", True),
        ("glove", "gloves", True),  # a plain s: its plural only looks like that of a word in -f
        ("glof", "gloves", True),  # by the rules of spelling alone
        ("glofe", "gloves", True),
        ("wave", "waves", True),
        ("leave", "leaf", False),  # "leaves" is the plural of both, yet neither is that of the other
        ("chief", "chives", False),  # chie + ves it would be
        ("cafe", "caves", True),  # ca + ves: wrong English, right by the rule
        ("care", "cave", False),
        ("dwarfs", "dwarves", False),
        ("self", "selfves", False),
        ("knife", "knifves", False),
        ("box", "boxes", True),
        ("bo", "boxes", False),
        ("city", "cities", True),
        ("toy", "toies", True),
        ("mice", "mouse", False),
    ],
)
def test_regular_plurals_are_the_same_name(name, other, shared):
    assert Vocabulary.parse([name]).shares_synonym_with(Vocabulary.parse([other])) == [shared]
    assert Vocabulary.parse([other]).shares_synonym_with(Vocabulary.parse([name])) == [shared]


def test_a_name_may_have_eighty_characters():
    assert Vocabulary.parse(["m" * 80]).labels == ("m" * 80,)


def test_a_class_is_a_thing_unless_it_says_otherwise():
    assert VocabularyClass(("mug",)).is_thing is True
    assert VocabularyClass(("floor",), False).is_thing is False


@pytest.mark.parametrize("names", [("mug", "mug"), ("mug", "cup", "MUG"), ("Straße", "STRASSE")])
def test_a_class_refuses_the_same_name_twice_by_itself(names):
    with pytest.raises(VocabularyError, match=f"'{names[-1]}' is a duplicate in class '{names[0]}'"):
        VocabularyClass(names)


def test_coco_panoptic():
    coco = load_vocabulary("coco_panoptic")
    assert len(coco) == 133 and coco.is_thing == (True,) * 80 + (False,) * 53
    assert coco.classes[79] == VocabularyClass(("toothbrush",), True)
