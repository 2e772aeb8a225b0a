"""The benchmark of labelling, and the memory of long bags, with a stand-in for the model."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bag_files import FIRST, image, write_bag
from fake_model import fake_model
from test_labelling import picture, settings

from eovseg_ros.bags.benchmark.command import add_benchmark_command
from eovseg_ros.bags.benchmark.speed import measure_speed
from eovseg_ros.bags.labelling.bag_labeller import BagLabeller
from eovseg_ros.bags.main import main
from eovseg_ros.bags.reading.bag import open_bag
from eovseg_ros.bags.reading.cameras import parse_cameras
from eovseg_ros.bags.reading.images import DepthSettings, read_images
from eovseg_ros.bags.reading.selection import Selection


class Timed:
    """The stand-in's predictor; counts what it is given."""

    def __init__(self, predictor):
        self.images = 0
        self._predictor = predictor

    def __call__(self, rgb, *, vocabulary, short_side=0, object_threshold=0.0, overlap_threshold=None):
        self.images += 1
        assert rgb.shape == (240, 320, 3)
        rgb = np.where(rgb > 127, np.uint8(1), np.uint8(2))
        return self._predictor(
            rgb,
            short_side=short_side,
            vocabulary=vocabulary,
            object_threshold=object_threshold,
            overlap_threshold=overlap_threshold,
        )


def test_the_benchmark_labels_what_it_segments(tmp_path):
    model = fake_model()
    timed = Timed(model.predictor)
    object.__setattr__(model, "predictor", timed)
    speed = measure_speed(model, 3.0, tmp_path)
    assert timed.images == 2 + 30 + 30
    assert speed.model > speed.labelling > 0 and 0 < speed.processor_share < 1
    with open_bag(tmp_path / "labels.mcap") as labels:  # the vocabulary; two images and the segments of each
        assert len(list(labels.messages(labels.topics))) == 1 + 3 * 30


def test_the_bag_of_the_command_has_ten_minutes():
    parser = argparse.ArgumentParser()
    add_benchmark_command(parser.add_subparsers())
    options = parser.parse_args(["benchmark"])
    assert (options.seconds, options.threads, options.variant) == (600.0, 1, "tiny")


@pytest.mark.parametrize(
    "words",
    [
        "benchmark --seconds nan",
        "benchmark --threads 0",
        "benchmark --workers -1",
        "example x.mcap --seconds -3",
    ],
)
def test_numbers_without_a_sense_are_refused(words, capsys):
    with pytest.raises(SystemExit):
        main(words.split())
    assert "must be " in capsys.readouterr().err


def test_the_example_is_a_bag_with_depth(tmp_path):
    file = tmp_path / "robot.mcap"
    assert main(["example", str(file), "--seconds", "1"]) == 0
    cameras = parse_cameras(["/camera/image_raw"], ["/camera/depth"])
    with open_bag(file) as bag:
        found = [i.space((240, 320)) for i in read_images(bag, cameras, Selection(), DepthSettings())]
    assert len(found) == 10 and found[9].camera.k[0] == 246.03646098951555
    assert found[0].frame_id == "camera_optical_frame"


def test_the_example_replaces_no_file(tmp_path, capsys):
    file = tmp_path / "mine.mcap"
    file.write_text("mine")
    assert main(["example", str(file)]) == 1
    assert file.read_text() == "mine" and f"{file} exists" in capsys.readouterr().err


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def grow(folder):
    """Label a long bag; print how the memory grew after the first quarter."""
    count = 6000
    pictures = [image(picture(i), 0) for i in range(60)]
    bag = write_bag(
        Path(folder, "bag"), (("/image", FIRST + i * 10**8, pictures[i % 60]) for i in range(count))
    )
    sizes = {}

    def progress(done):
        if done % (count // 4) == 0:
            sizes[done] = resident()

    own = BagLabeller(fake_model(), settings(), "")
    assert own.label(bag, Path(folder, "out.mcap"), progress).counts.frames == count
    print(max(sizes.values()) - sizes[count // 4])


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length_of_a_bag(tmp_path):
    """In a process of its own, for the memory of others would hide it; a bag of 60 MB."""
    code = f"import test_bags_benchmark; test_bags_benchmark.grow({str(tmp_path)!r})"
    path = os.pathsep.join(
        [str(Path(__file__).parent), str(Path(__file__).parents[1]), os.environ["PYTHONPATH"]]
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 4_000_000


def test_a_reader_that_has_seen_enough_gets_no_complaint(monkeypatch, capsys):
    def closed(*_):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("eovseg_ros.bags.benchmark.command.tempfile.TemporaryDirectory", closed)
    monkeypatch.setattr("eovseg_ros.bags.labelling.model.load_label_model", lambda *_: None)
    assert main(["benchmark"]) == 1
    assert capsys.readouterr().err == ""
