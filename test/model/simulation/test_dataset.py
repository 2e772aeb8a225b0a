import hashlib
import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from eovseg_model.cli.main import main as eovseg  # noqa: E402
from eovseg_model.simulation.catalog import CATALOG, KEPT_OUT_NAMES, STUFF_NAMES  # noqa: E402
from eovseg_model.simulation.coco import encode_ids  # noqa: E402
from eovseg_model.simulation.dataset import main  # noqa: E402
from eovseg_model.simulation.seeds import TEST, TRAINING, VALIDATION, check_seeds  # noqa: E402

SMALL = ["--width", "64", "--height", "48", "--workers", "1"]


def write(folder, *arguments):
    return main([str(folder), *SMALL, *arguments])


def test_the_command_renders_the_same(folder, tmp_path):
    arguments = ["scenes", str(tmp_path / "again"), *SMALL, "--scenes", "5", "--views", "2", "--seed", "40"]
    assert eovseg(arguments) == 0
    assert digests(tmp_path / "again") == digests(folder)


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    assert eovseg(["scenes", str(tmp_path / "set"), *SMALL, "--scenes", "1", "--kept-out"]) == 2
    assert "seed 0 is a training seed" in capsys.readouterr().err


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("sets") / "train"
    assert write(out, "--scenes", "5", "--views", "2", "--seed", "40") == 0
    return out


@pytest.fixture(scope="module")
def coco(folder):
    return json.loads((folder / "panoptic.json").read_text())


def test_layout_of_a_finished_set(folder, coco):
    assert sorted(path.name for path in folder.iterdir()) == [
        "images",
        "panoptic",
        "panoptic.json",
        "settings.json",
    ]
    assert len(coco["images"]) == len(coco["annotations"]) == 10
    assert {path.name for path in (folder / "images").iterdir()} == {i["file_name"] for i in coco["images"]}
    assert {p.name for p in (folder / "panoptic").iterdir()} == {a["file_name"] for a in coco["annotations"]}


def test_categories_are_the_catalog(coco):
    assert [category["name"] for category in coco["categories"]] == list(CATALOG)
    assert [category["id"] for category in coco["categories"]] == list(range(1, 54))
    assert {c["name"] for c in coco["categories"] if not c["isthing"]} == set(STUFF_NAMES)


def test_id_pictures_agree_with_their_segments(folder, coco):
    for image, annotation in zip(coco["images"], coco["annotations"], strict=True):
        assert annotation["image_id"] == image["id"]
        with Image.open(folder / "images" / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"]) == (64, 48)
        with Image.open(folder / "panoptic" / annotation["file_name"]) as picture:
            red, green, blue = np.moveaxis(np.asarray(picture, dtype=np.int64), 2, 0)
        ids = red + 256 * green + 65536 * blue
        void = int((ids == 0).sum())
        assert sum(segment["area"] for segment in annotation["segments_info"]) == 64 * 48 - void
        assert {s["id"] for s in annotation["segments_info"]} == set(np.unique(ids).tolist()) - {0}
        for segment in annotation["segments_info"]:
            x, y, width, height = segment["bbox"]
            mask = ids == segment["id"]
            assert segment["area"] == mask.sum() == mask[y : y + height, x : x + width].sum()
            assert mask[y].any() and mask[y + height - 1].any()
            assert mask[:, x].any() and mask[:, x + width - 1].any()
            assert segment["iscrowd"] == 0
            assert 1 <= segment["category_id"] <= 53


def test_training_sets_hold_no_kept_out_name(coco):
    names = {
        s["category_id"]: CATALOG[s["category_id"] - 1]
        for a in coco["annotations"]
        for s in a["segments_info"]
    }
    assert not set(names.values()) & set(KEPT_OUT_NAMES)


def test_the_number_of_workers_changes_nothing(folder, tmp_path):
    arguments = ["--scenes", "5", "--views", "2", "--seed", "40", "--workers", "2"]
    assert write(tmp_path / "again", *arguments) == 0
    assert digests(tmp_path / "again") == digests(folder)


def test_a_killed_run_is_not_whole_and_is_continued(folder, tmp_path, monkeypatch):
    arguments = ["--scenes", "5", "--views", "2", "--seed", "40"]
    from eovseg_model.simulation import dataset

    rendered = []
    scene = dataset.Scene

    def scene_until_killed(seed, config):
        rendered.append(seed)
        if len(rendered) == 4:
            raise KeyboardInterrupt
        return scene(seed, config)

    monkeypatch.setattr(dataset, "Scene", scene_until_killed)
    assert write(tmp_path / "set", *arguments) == 130
    assert not (tmp_path / "set" / "panoptic.json").exists()
    assert write(tmp_path / "set", *arguments) == 0
    assert rendered == [40, 41, 42, 43, 43, 44]
    assert digests(tmp_path / "set") == digests(folder)


def test_a_finished_set_is_left_alone(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert write(folder, "--scenes", "5", "--views", "2", "--seed", "40") == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenes", "2", "--kept-out"], "training scenes must not show kept-out names"),
        (["--scenes", "2", "--seed", "999999"], "not within one range"),
        (["--scenes", "2", "--seed", "-1"], "not within one range"),
        (["--scenes", "0"], "at least one scene"),
        (["--scenes", "1", "--views", "0"], "views must be 1 to 100"),
        (["--scenes", "1", "--width", "4"], "at least 16x16"),
    ],
)
def test_bad_arguments_are_refused_and_write_nothing(arguments, says, tmp_path, capsys):
    assert write(tmp_path / "set", *arguments) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_other_settings_need_another_folder(folder, capsys):
    before = digests(folder)
    assert write(folder, "--scenes", "6", "--views", "2", "--seed", "40") == 2
    assert "other settings" in capsys.readouterr().err
    assert digests(folder) == before


def test_somebody_elses_folder_is_left_alone(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert write(tmp_path, "--scenes", "1") == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_ids_are_encoded_in_base_256():
    # 70000 = 112 + 256 * 17 + 65536 * 1
    assert encode_ids(np.array([[0, 255, 256, 70000]])).tolist() == [
        [[0, 0, 0], [255, 0, 0], [0, 1, 0], [112, 17, 1]]
    ]


def test_seed_ranges_are_disjoint():
    assert TRAINING.stop <= VALIDATION.start < VALIDATION.stop <= TEST.start
    check_seeds(VALIDATION.start, 300, include_kept_out=True)
    check_seeds(TEST.start, 300, include_kept_out=True)
    check_seeds(0, len(TRAINING), include_kept_out=False)
