"""The command line, called as a user calls it."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from eovseg_model.cli.main import main
from eovseg_model.data.coco_panoptic import CocoPanoptic
from eovseg_model.inference.predictor import EOVSegPredictor

WORDS = ["floor,ground|stuff", "wall|stuff", "table,desk|stuff", "teddy bear", "soccer ball"]


@pytest.fixture(scope="module")
def picture():
    pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")
    from eovseg_model.simulation.scenes.scene import Scene

    with Scene(seed=2_000_000) as scene:
        return scene.render(0.0, width=160, height=120).rgb


def segment(path, out, *more):
    return main(["segment", str(path), "--variant", "tiny", "--vocabulary", *WORDS, "--out", str(out), *more])


def test_a_folder_with_a_broken_file(picture, tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    Image.fromarray(picture).save(folder / "a.png")
    Image.fromarray(picture[:, ::-1]).save(folder / "b.png")
    (folder / "broken.jpg").write_bytes(b"not a picture")
    (folder / "notes.txt").write_text("left alone")
    assert segment(folder, out) == 1
    printed = capsys.readouterr()
    assert "broken.jpg" in printed.err and "2 segmented" in printed.out and "1 failed" in printed.out
    assert "floor" in printed.out
    assert {p.name for p in out.iterdir()} == {
        *(f"{stem}_{kind}.png" for stem in "ab" for kind in ("panoptic", "overlay")),
        "panoptic.json",
    }
    overlay = np.asarray(Image.open(out / "a_overlay.png"))
    assert overlay.shape == picture.shape and not np.array_equal(overlay, picture)


@pytest.mark.parametrize("value", ["-2", "none", "64.5"])
def test_a_short_side_that_is_none_is_refused(value, capsys):
    with pytest.raises(SystemExit):
        segment("a.png", "out", "--short-side", value)
    assert f"-1 (no resizing); got '{value}'" in capsys.readouterr().err


def test_the_json_is_a_coco_panoptic_set(picture, tmp_path):
    image, out = tmp_path / "a.png", tmp_path / "out"
    Image.fromarray(picture).save(image)
    assert segment(image, out, "--short-side", "-1") == 0
    sample = CocoPanoptic(tmp_path, out, out / "panoptic.json")[0]
    predictor = EOVSegPredictor.from_checkpoint("tiny", None, WORDS)
    result = predictor(picture, short_side=-1)
    assert np.array_equal(sample.id_map, result.label_image)
    assert [(s.id, s.category) for s in sample.segments] == [(s.id, s.class_id) for s in result.segments]
    content = json.loads((out / "panoptic.json").read_text())
    names = [c["name"] for c in content["categories"]]
    assert names == ["floor", "wall", "table", "teddy bear", "soccer ball"]
    for s in content["annotations"][0]["segments_info"]:
        inside = np.argwhere(sample.id_map == s["id"])
        (top, left), (bottom, right) = inside.min(0), inside.max(0)
        assert s["area"] == len(inside) and s["bbox"] == [left, top, right - left + 1, bottom - top + 1]


def test_a_video(picture, tmp_path):
    path, out = tmp_path / "in.mp4", tmp_path / "out"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 5.0, (160, 120))
    for _ in range(3):
        writer.write(picture[..., ::-1])
    writer.release()
    assert segment(path, out, "--vocabulary", "table", "floor|stuff", "wall|stuff") == 0
    video = cv2.VideoCapture(str(out / "in_overlay.mp4"))
    assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == 3
    assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == 160 and video.get(cv2.CAP_PROP_FPS) == 5.0
    content = json.loads((out / "in_segments.json").read_text())
    assert [image["stamp"] for image in content["images"]] == pytest.approx([0.0, 0.2, 0.4])
    first, second, third = (
        {s["id"]: s.get("track_id", 0) for s in annotation["segments_info"]}
        for annotation in content["annotations"]
    )
    things = {c["id"] for c in content["categories"] if c["isthing"]}
    assert any(s["category_id"] in things for s in content["annotations"][2]["segments_info"])
    assert all(third.values()) and len(set(third.values())) == len(third)
    assert third == second and set(first.values()) <= {0, *third.values()}


def test_an_unreadable_video_is_left_out(picture, tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    Image.fromarray(picture).save(folder / "a.png")
    (folder / "broken.mp4").write_bytes(b"not a video")
    assert segment(folder, out) == 1
    printed = capsys.readouterr()
    assert "broken.mp4" in printed.err and "1 segmented" in printed.out and "1 failed" in printed.out
    assert not (out / "broken_overlay.mp4").exists()


def test_missing_and_cut_off_files_do_not_stop_the_rest(picture, tmp_path, capsys):
    out = tmp_path / "out"
    Image.fromarray(picture).save(tmp_path / "a.png")
    cut = (tmp_path / "a.png").read_bytes()[:2000]
    (tmp_path / "cut.png").write_bytes(cut)
    inputs = [str(tmp_path / name) for name in ("missing.png", "cut.png", "missing.mp4", "a.png")]
    assert main(["segment", *inputs, "--variant", "tiny", "--vocabulary", *WORDS, "--out", str(out)]) == 1
    printed = capsys.readouterr()
    assert all(name in printed.err for name in inputs[:3]) and "Traceback" not in printed.err
    assert "1 segmented" in printed.out and "3 failed" in printed.out
    assert {p.name for p in out.iterdir()} == {"a_panoptic.png", "a_overlay.png", "panoptic.json"}


def test_files_of_one_name_do_not_overwrite_each_other(picture, tmp_path):
    out = tmp_path / "out"
    for name in ("a.png", "a.bmp"):
        Image.fromarray(picture).save(tmp_path / name)
    arguments = [str(tmp_path / "a.png"), str(tmp_path / "a.bmp"), "--variant", "tiny"]
    assert main(["segment", *arguments, "--vocabulary", *WORDS, "--out", str(out)]) == 0
    content = json.loads((out / "panoptic.json").read_text())
    assert [i["file_name"] for i in content["images"]] == ["a.png", "a.bmp"]
    assert [a["file_name"] for a in content["annotations"]] == ["a_panoptic.png", "a_2_panoptic.png"]
    assert all((out / a["file_name"]).is_file() for a in content["annotations"])


def test_an_image_is_turned_as_its_exif_data_says(picture, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: a quarter turn
    Image.fromarray(picture).save(tmp_path / "a.png", exif=exif)
    assert segment(tmp_path / "a.png", tmp_path / "out") == 0
    assert Image.open(tmp_path / "out" / "a_overlay.png").size == picture.shape[:2]


@pytest.fixture(scope="module")
def stripes():
    """(96, 128, 3) uint8 in grey levels that 16 bits hold exactly."""
    return np.repeat(np.linspace(0, 255, 128).astype(np.uint8)[None, :, None], 96, axis=0).repeat(3, axis=2)


def test_a_grey_picture_of_16_bits_is_as_one_of_8(stripes, tmp_path):
    Image.fromarray(stripes[:, :, 0]).save(tmp_path / "eight.png")
    cv2.imwrite(str(tmp_path / "sixteen.png"), stripes[:, :, 0].astype(np.uint16) * 257)
    out = tmp_path / "out"
    assert segment(tmp_path, out) == 0
    eight, sixteen = (np.asarray(Image.open(out / f"{name}_overlay.png")) for name in ("eight", "sixteen"))
    np.testing.assert_array_equal(sixteen, eight)


def test_too_many_pixels_are_refused_in_one_line(stripes, tmp_path, capsys):
    Image.fromarray(stripes).save(tmp_path / "a.png")
    writer = cv2.VideoWriter(str(tmp_path / "b.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 5.0, (128, 96))
    writer.write(stripes)
    writer.release()
    assert segment(tmp_path, tmp_path / "out", "--max-pixels", "12287") == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if "skipped" in line]
    assert [line.partition(": 128x96")[0].partition(": frames")[0] for line in lines] == [
        f"eovseg: skipped {tmp_path / name}" for name in ("a.png", "b.mp4")
    ]
    assert all("128x96" in line and "12288 pixels, more than max_pixels (12287)" in line for line in lines)
    assert segment(tmp_path, tmp_path / "out", "--max-pixels", "12288") == 0


@pytest.mark.parametrize("value", ["0", "-1", "1e6", "many"])
def test_a_bound_that_is_no_number_of_pixels_is_refused(value, capsys):
    with pytest.raises(SystemExit):
        segment("a.png", "out", "--max-pixels", value)
    assert f"must be a whole number above 0; got '{value}'" in capsys.readouterr().err


def test_the_first_picture_of_an_animation_is_taken_and_it_is_said(stripes, tmp_path, capsys):
    first, second = Image.fromarray(stripes), Image.new("RGB", (128, 96), "blue")
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert segment(tmp_path, tmp_path / "out") == 0
    assert (
        f"eovseg: {tmp_path / 'a.gif'} contains several images; only the first is read"
        in capsys.readouterr().err
    )


def test_a_threshold_that_nothing_passes_leaves_void(picture, tmp_path, capsys):
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert segment(tmp_path / "a.png", tmp_path / "out", "--object-threshold", "1") == 0
    content = json.loads((tmp_path / "out" / "panoptic.json").read_text())
    assert content["annotations"][0]["segments_info"] == []


def test_help_is_quick():
    """What takes seconds to import is imported by the command that needs it."""
    code = "import sys, eovseg_model.cli.main as m; m.build_parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "cv2", "PIL", "gdown"} & set(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["segment", "nowhere.png", "--vocabulary", "mug"], "nowhere.png"),
        (["segment", ".", "--vocabulary", "mug"], "no images or videos in ."),
        (["segment", __file__, "--vocabulary", "mug", "--out", __file__], "is a file"),
        (["info", "--size", "640"], "must be HEIGHTxWIDTH, for example 640x640; got '640'"),
        (["info", "--size", "100x100"], "multiples of 32"),
    ],
)
def test_mistakes_get_one_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    printed = capsys.readouterr().err.strip()
    assert words in printed and len(printed.splitlines()) == 1


def test_bad_vocabulary_and_missing_weights(picture, tmp_path, capsys):
    image = tmp_path / "a.png"
    Image.fromarray(picture).save(image)
    assert main(["segment", str(image), "--variant", "tiny", "--vocabulary", "mug", "mug"]) == 2
    assert "duplicate" in capsys.readouterr().err
    assert main(["segment", str(image), "--variant", "l", "--vocabulary", "mug"]) == 2
    assert "eovseg weights fetch l" in capsys.readouterr().err


def test_info_stands_beside_the_paper(capsys):
    """75.28 M as built; 113 G without the deformable convolutions, whose product at 640x640 is 8.5 G."""
    assert main(["info", "--variant", "s"]) == 0
    printed = capsys.readouterr().out.splitlines()
    lines = {line.rsplit(maxsplit=2)[0]: line.split()[-2:] for line in printed if line}
    assert float(lines["without text encoder"][0]) == 75.28
    assert 113 < float(lines["without text encoder"][1]) < 125
    assert lines["the paper"] == ["71", "133"]
