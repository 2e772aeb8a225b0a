"""Named vocabularies hold their data sets' classes in order; users' files are read or refused."""

import json
from pathlib import Path

import pytest

from eovseg_model.vocabulary.vocabulary import Vocabulary, VocabularyClass, VocabularyError, load_vocabulary

COUNTS = {  # classes, things
    "coco_panoptic": (133, 80),
    "ade20k_150": (150, 100),
    "ade20k_847": (847, 588),
    "pascal_context_59": (59, 40),
    "pascal_context_459": (459, 397),
    "pascal_voc_20": (20, 20),
    "cityscapes_19": (19, 8),
    "lvis": (1203, 1203),
}
PLACES = {  # class ids and labels, counted off in the data sets' own lists
    "coco_panoptic": {0: "person", 79: "toothbrush", 80: "banner", 123: "pavement", 132: "rug"},
    "ade20k_150": {0: "wall", 12: "person", 20: "car", 97: "ottoman", 136: "traffic light", 149: "flag"},
    "ade20k_847": {0: "wall", 11: "person", 99: "aircraft carrier", 500: "cat", 846: "adding machine"},
    "pascal_context_59": {0: "aeroplane", 36: "person", 49: "table", 54: "tv monitor", 58: "wood"},
    "pascal_context_459": {0: "accordion", 61: "case", 283: "person", 430: "unknown", 458: "wool"},
    "pascal_voc_20": {0: "aeroplane", 10: "dining table", 14: "person", 19: "tv monitor"},
    "cityscapes_19": {0: "road", 8: "vegetation", 11: "person", 18: "bicycle"},
    "lvis": {0: "aerosol can", 135: "archery bow", 792: "person", 1202: "zucchini"},
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_and_order(name: str) -> None:
    vocabulary = load_vocabulary(name)
    assert (len(vocabulary), sum(vocabulary.is_thing)) == COUNTS[name]
    assert {i: vocabulary.labels[i] for i in PLACES[name]} == PLACES[name]


@pytest.mark.parametrize("name", COUNTS)
def test_names_are_clean_words(name: str) -> None:
    for synonym in load_vocabulary(name).synonyms:
        assert not set(synonym) & set("_(),|:@"), synonym
        assert synonym == " ".join(synonym.split())


@pytest.mark.parametrize(
    ("name", "things", "stuff"),
    [
        ("ade20k_150", ["bed", "windowpane", "cabinet"], ["tree", "poster", "tent", "shower", "crt screen"]),
        ("ade20k_847", ["bed", "cat", "umbrella"], ["tree", "poster", "pond", "crt screen", "buckets"]),
        ("pascal_context_59", ["person", "window", "tv monitor"], ["grass", "wood", "track"]),
        ("pascal_context_459", ["person", "accordion", "drum kit"], ["grass", "smoke", "unknown"]),
        ("cityscapes_19", ["rider", "train"], ["traffic sign", "pole", "sky"]),
    ],
)
def test_things_and_stuff(name: str, things: list[str], stuff: list[str]) -> None:
    vocabulary = load_vocabulary(name)
    kinds = dict(zip(vocabulary.labels, vocabulary.is_thing, strict=True))
    assert all(kinds[label] for label in things)
    assert not any(kinds[label] for label in stuff)


def test_ambiguous_names_stay_with_the_class_that_they_name_best() -> None:
    owners = {n: c.names[0] for c in load_vocabulary("ade20k_847").classes for n in c.names}
    expected = {"stool": "stool", "can": "can", "closet": "closet", "plug": "plug", "screen": "screen"}
    assert {name: owners[name] for name in expected} == expected
    owners = {n: c.names[0] for c in load_vocabulary("lvis").classes for n in c.names}
    assert owners["calamari"] == "cooked squid" and owners["missile"] == "projectile"


@pytest.mark.parametrize("case", ["s_96x128", "s_90x150"])
def test_overlap_with_coco_as_published(case: str) -> None:
    description = json.loads((Path(__file__).parents[2] / f"data/parity/{case}.json").read_text())
    vocabulary = Vocabulary.parse(description["vocabulary"])
    shared = vocabulary.shares_synonym_with(load_vocabulary("coco_panoptic"))
    assert shared == list(map(bool, description["overlapping"]))


def test_overlap_of_ade20k_with_coco() -> None:
    ade, coco = load_vocabulary("ade20k_150"), load_vocabulary("coco_panoptic")
    shared = dict(zip(ade.labels, ade.shares_synonym_with(coco), strict=True))
    seen = ["wall", "building", "person", "windowpane", "sofa", "sidewalk", "step", "rock", "minibike"]
    unseen = ["lamp", "desk", "armchair", "chandelier", "ottoman", "palm", "runway", "sconce", "flag"]
    assert [label for label in seen if not shared[label]] == []
    assert [label for label in unseen if shared[label]] == []


def test_every_class_of_coco_was_seen() -> None:
    coco = load_vocabulary("coco_panoptic")
    assert all(coco.shares_synonym_with(coco))


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("Cell-Phones", "cell phone", True),
        ("knife", "knives", True),
        ("shelves", "shelf", True),
        ("buses", "bus", True),
        ("berries", "berry", True),
        ("glasses", "glass", True),
        ("mice", "mouse", False),
        ("cloth", "clothes", False),
        ("car", "race car", False),
        ("sidewalk", "pavement", False),
    ],
)
def test_spelling_of_shared_names(ours: str, theirs: str, same: bool) -> None:
    for one, other in ((ours, theirs), (theirs, ours)):
        assert Vocabulary.parse([one]).shares_synonym_with(Vocabulary.parse([other])) == [same]


def test_text_file(tmp_path: Path) -> None:
    file = tmp_path / "tools.txt"
    lines = [
        "\ufeff0:invalid_class_id",
        "",
        " 7 : hammer ,  claw  hammer",
        "3:floor,ground | stuff",
        "9:invalid_class_id",
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    expected = (VocabularyClass(("floor", "ground"), False), VocabularyClass(("hammer", "claw hammer"), True))
    assert load_vocabulary(file).classes == expected
    assert load_vocabulary(str(file)).classes == expected
    assert Vocabulary.parse(["saw", f"@{file}"]).labels == ("saw", "floor", "hammer")


def test_repeated_names_of_a_text_file(tmp_path: Path) -> None:
    """Lines as in files in circulation: the sole name wins, then the first, then the earlier line."""
    file = tmp_path / "home.txt"
    lines = [
        "1:toilet,can,stool,Toilet",
        "2:screen door,screen",
        "3:screen,film screen",
        "4:stool",
        "5:tin,can,box",
    ]
    file.write_text("\n".join([*lines, "6:pipe,tube", "7:pipe"]))
    assert [c.names for c in load_vocabulary(file).classes] == [
        ("toilet", "can"),
        ("screen door",),
        ("screen", "film screen"),
        ("stool",),
        ("tin", "box"),
        ("tube",),
        ("pipe",),
    ]


def test_json_file(tmp_path: Path) -> None:
    file = tmp_path / "tools.json"
    classes = [{"names": [" claw  hammer", "hammer"]}, {"names": ["floor"], "thing": False}]
    file.write_text(json.dumps({"classes": classes}))
    assert load_vocabulary(file).labels == ("claw hammer", "floor")
    assert load_vocabulary(file).is_thing == (True, False)


def test_relative_and_home_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tools.txt").write_text("1:saw")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for entry in ("@tools.txt", "@./tools.txt", "@~/tools.txt"):
        assert Vocabulary.parse([entry]).labels == ("saw",)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("a.txt", "1:saw\nhammer\n", "line 2: 'hammer'.*2:name"),
        ("a.txt", "one:saw\n", "line 1: .*start with an id"),
        ("a.txt", "-1:saw\n", "line 1: .*start with an id"),
        ("a.txt", "1:saw\n\n1:hammer\n", "line 3: id 1 is already used in line 1"),
        ("a.txt", "1:saw\n2:hammer,,mallet\n", "line 2: .*empty name"),
        ("a.txt", "1:\n", "line 1: .*empty name"),
        ("a.txt", "1:floor|ground\n", "line 1: .*thing or stuff"),
        ("a.txt", "1:saw\n2:Saw\n", "line 2: 'Saw' is already in line 1.*rename"),
        ("a.txt", "1:axe\n2:saw\n3:Saw,Axe\n", "line 3: 'Saw' is already in line 2.*rename"),
        ("a.txt", f"1:saw\n2:{'m' * 81}\n", "line 2: .*too long"),
        ("a.txt", "0:invalid_class_id\n", "empty"),
        ("a.txt", "", "empty"),
        ("a.txt", b"1:\xff\xfe\n", "UTF-8"),
        ("a.csv", "1:saw\n", ".json or .txt"),
        ("a.json", '{"classes": [\n{"names": ["saw"],}]}', "line 2: invalid JSON"),
        ("a.json", '["saw"]', 'missing list "classes"'),
        ("a.json", '{"classes": ["saw"]}', "class 0: 'saw'"),
        ("a.json", '{"classes": [{"names": ["saw"], "isthing": 0}]}', "class 0: .*isthing.*use only"),
        ("a.json", '{"classes": [{"names": "saw"}]}', "class 0: .*list of strings"),
        ("a.json", '{"classes": [{"names": ["saw"]}, {"names": []}]}', "class 1: .*empty name"),
        ("a.json", '{"classes": [{"names": [" "]}]}', "class 0: .*empty name"),
        ("a.json", '{"classes": [{"names": ["saw"], "thing": "no"}]}', "class 0: .*true or false"),
        ("a.json", '{"classes": [{"names": ["saw"]}, {"names": ["Saw"]}]}', "'Saw' is a duplicate"),
    ],
)
def test_refused_files(tmp_path: Path, file: str, content: str | bytes, words: str) -> None:
    path = tmp_path / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(VocabularyError, match=words) as refusal:
        load_vocabulary(path)
    assert str(path) in str(refusal.value)


def test_missing_file_and_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match="none.txt: cannot read the file.*check the path"):
        Vocabulary.parse([f"@{tmp_path}/none.txt"])
    with pytest.raises(VocabularyError, match="@lvis.*@pascal_voc_20"):
        Vocabulary.parse(["@pascal"])
