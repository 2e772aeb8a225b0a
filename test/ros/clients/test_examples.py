"""The examples of talking to a running node."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from graph import image_publisher, squares
from sensor_msgs.msg import CameraInfo, Image

from eovseg_ros.messages import array_to_image

EXAMPLES = Path(__file__).parents[3] / "examples"


@contextlib.contextmanager
def running(tmp_path, *command):
    """An example that runs until it is ended; its lines so far."""
    log = tmp_path / "example.txt"
    with log.open("w") as output:
        example = subprocess.Popen([sys.executable, EXAMPLES / command[0], *command[1:]], stdout=output)
    try:
        yield lambda: log.read_text().splitlines()
    finally:
        example.terminate()
        assert example.wait(10) == 0


def test_distances_are_those_of_the_positions(graph, start_fake, tmp_path):
    """Cup: columns 5 to 14, rows 10 to 19; 6 to 13 and 11 to 18 are inside and have the upper medians
    10 and 15: at 1.25 m, (10 - 39.5) / 80 x 1.25 = -0.46 and (15 - 29.5) / 80 x 1.25 = -0.23."""
    start_fake(use_depth=True, tracking=False)
    images, depths = image_publisher(graph), image_publisher(graph, "/depth")
    infos = graph.node.create_publisher(CameraInfo, "/camera_info", 10)
    metres = np.full((60, 80), 5.0, np.float32)
    metres[10:20, 5:15] = 1.25
    with running(tmp_path, "distances.py") as lines:

        def answered():
            picture = graph.picture(squares((1, 0)))
            depths.publish(array_to_image(metres, "32FC1", picture.header))
            k = [80.0, 0.0, 39.5, 0.0, 80.0, 29.5, 0.0, 0.0, 1.0]
            infos.publish(CameraInfo(header=picture.header, width=80, height=60, k=k))
            images.publish(picture)
            return lines()

        graph.wait(lambda: answered() or time.sleep(0.1), 30, "a distance")
        assert lines()[0] == "cup: 1.35 m at (-0.46, -0.23, 1.25)"


@pytest.mark.parametrize("arguments", [[], ["0.4", "30"]])
def test_a_topic_of_ones_own_is_paired_with_the_labels_of_its_stamp(graph, start_fake, tmp_path, arguments):
    start_fake()
    images, temperatures = image_publisher(graph), graph.node.create_publisher(Image, "/thermal", 10)
    values = np.full((60, 80), 20, np.uint16)
    values[10:20, 5:15] = 36
    values[10:20, 20:30] = 90
    with running(tmp_path, "pair_by_stamp.py", "/thermal", *arguments) as lines:

        def answered():
            picture = graph.picture(squares((1, 0), (2, 1)))  # a cup and a ball
            images.publish(picture)
            temperatures.publish(array_to_image(values, "16UC1", picture.header))
            return len(lines()) >= 2

        graph.wait(lambda: answered() or time.sleep(0.1), 30, "two values")
        assert lines()[:2] == ["cup: 36", "ball: 90"]


def label_space(*ground):
    command = [sys.executable, EXAMPLES / "hydra_label_space.py", *ground]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_label_space_has_the_pixel_values_of_semantic(graph, start_fake):
    start_fake()  # cup, ball, floor|stuff
    done = label_space("floor")
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout) == {
        "total_semantic_labels": 4,
        "dynamic_labels": [],
        "invalid_labels": [],
        "object_labels": [1, 2],
        "surface_places_labels": [3],
        "label_names": [
            {"label": 0, "name": "unknown"},
            {"label": 1, "name": "cup"},
            {"label": 2, "name": "ball"},
            {"label": 3, "name": "floor"},
        ],
    }
    wrong = label_space("grass")
    assert (wrong.returncode, wrong.stderr) == (1, "hydra_label_space: not in the vocabulary: grass\n")


def run_change(*names):
    command = [sys.executable, EXAMPLES / "change_vocabulary.py", *names]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_vocabulary_is_live_when_the_example_ends(graph, start_fake):
    start_fake()
    done = run_change("lamp", "table|stuff")
    assert (done.returncode, done.stdout) == (0, "version 2 is live: lamp, table\n")
    refused = run_change("lamp", "lamp")
    assert refused.returncode == 1
    assert refused.stderr.startswith("change_vocabulary: 'vocabulary' refused: 'lamp' is a duplicate")
