"""Names with equal tokens, and names with more tokens than the text encoder reads: by the real tokenizer."""

import pytest

from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.vocabulary.limits import MAX_NAMES
from eovseg_model.vocabulary.token_check import TokenCheck
from eovseg_model.vocabulary.vocabulary import VOCABULARY_FOLDER, load_vocabulary

SYMBOL = "\U0001f9ff"  # two tokens


@pytest.fixture
def warned(caplog):
    """Checks names one after the other and returns the warnings."""
    check = TokenCheck(context_length=77)

    def run(*vocabularies):
        for names in vocabularies:
            check(names)
        return caplog.messages

    return run


@pytest.mark.parametrize(
    ("one", "other"),
    [("t-shirt", "t - shirt"), ("caf\u00e9", "cafe\u0301"), ("salt&pepper", "salt&amp;pepper")],
)
def test_names_with_equal_tokens_are_named(warned, one, other):
    (message,) = warned(["mug", one, "floor", other])
    assert message.startswith(f"{one!r} and {other!r}: equal for the text encoder")


def test_names_that_differ_are_not(warned):
    assert warned(["mug", "mugs", "cup", "T-shirt", "tee shirt", "shirt"]) == []


@pytest.mark.parametrize("path", sorted(VOCABULARY_FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_the_named_vocabularies_are_fine(warned, path):
    assert warned(load_vocabulary(path.stem).synonyms) == []


def test_a_name_is_reported_once_and_so_is_a_pair_that_another_vocabulary_brings_together(warned):
    assert len(warned(["t-shirt"], ["t - shirt"], ["t - shirt", "t-shirt"], ["t-shirt", "t - shirt"])) == 2


def test_a_name_whose_longest_prompt_has_77_tokens_is_read_to_its_end(warned):
    # The longest prompts have 10 tokens without the name: start, "there is a medium in the scene .", end.
    assert warned([SYMBOL * 33]) == []
    assert warned(["x " + SYMBOL * 33]) == []
    (message,) = warned(["x y " + SYMBOL * 33])
    assert SYMBOL in message and "longer than the 77 tokens" in message


def test_names_that_differ_only_behind_what_is_read_are_equal(warned):
    cut, equal = warned([SYMBOL * 40 + " left", SYMBOL * 40 + " right"])
    assert "left" in cut and "right" in cut and "longer than the 77 tokens" in cut
    assert "left" in equal and "right" in equal and "equal for the text encoder" in equal


@pytest.mark.parametrize(("read", "warnings"), [(35 * SYMBOL + " x", 1), (36 * SYMBOL, 2)])
def test_the_last_token_that_is_read_is_that_of_the_end(warned, read, warnings):
    """Names begin as token 4, behind start and "there is a"; left and right are token 75 and 76 of 77."""
    assert len(warned([f"{read} left", f"{read} right"])) == warnings


def test_a_pair_is_reported_once(warned):
    assert len(warned(["t-shirt", "t - shirt"], ["t-shirt", "t - shirt"])) == 1


def test_the_same_name_twice_is_no_pair(warned):
    assert warned(["t-shirt", "-".join(["t", "shirt"])]) == []


def test_names_are_forgotten_when_they_are_many(warned, monkeypatch):
    """Kept are 2 names and 1 report, then 3 and 1, then 4 and 1: more than twice the 2 of a vocabulary."""
    monkeypatch.setattr("eovseg_model.vocabulary.token_check.MAX_NAMES", 2)
    pair = ["t-shirt", "t - shirt"]
    assert len(warned(pair, ["mug"], pair, ["cup"], pair, pair)) == 2


def test_a_warning_shows_some_names_of_many(warned):
    names = [f"a{i}-b" for i in range(12)] + [f"a{i} - b" for i in range(12)]
    (message,) = warned(names)
    assert message.count(" and 'a") == 8 and " and 4 more: equal" in message


@pytest.fixture(scope="module")
def predictor():
    return EOVSegPredictor(build_model(CONFIGS["tiny"]), ["mug"])


def test_the_predictor_warns(predictor, caplog):
    embeddings = predictor.encode(["t-shirt", "t - shirt"]).text.embeddings
    assert (embeddings[0] == embeddings[1]).all()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "'t-shirt' and 't - shirt'" in caplog.text


def test_old_names_are_forgotten_and_a_vocabulary_keeps_its_own(predictor, monkeypatch):
    monkeypatch.setattr("eovseg_model.vocabulary.encoder.MAX_NAMES", 2)
    asked, tower = [], predictor.model.text_encoder.forward
    monkeypatch.setattr(predictor.model.text_encoder, "forward", lambda n: asked.append(list(n)) or tower(n))
    for names in (["a", "b"], ["c", "d"], ["a", "e"], ["a"], ["b"], ["f", "g", "h", "i", "j"]):
        assert predictor.encode(names).text.embeddings.shape == (len(names), 96)
    # After a and e: c, d, a and e are kept. b is new again.
    assert asked == [["a", "b"], ["c", "d"], ["e"], ["b"], ["f", "g", "h", "i", "j"]]
    assert MAX_NAMES == 16_384
