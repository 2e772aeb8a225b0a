"""The examples of talking to a running node."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from graph import image_publisher, squares
from sensor_msgs.msg import Image

from eovseg_ros.messages import array_to_image

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_distances_pairs_depth_with_the_labels_of_its_stamp(graph, start_fake, tmp_path):
    start_fake()
    images, depths = image_publisher(graph), graph.node.create_publisher(Image, "/camera/depth", 10)
    log = tmp_path / "distances.txt"
    with log.open("w") as output:
        example = subprocess.Popen([sys.executable, EXAMPLES / "distances.py"], stdout=output)
    try:

        def answered():
            picture = graph.picture(squares((1, 0), (2, 1)))  # a cup and a ball
            metres = np.full((60, 80), 5.0, np.float32)
            metres[10:20, 5:15] = 1.25
            metres[10:20, 20:30] = 0.75
            metres[10:14] = np.nan  # as where a camera sees no depth
            images.publish(picture)
            depths.publish(array_to_image(metres, "32FC1", picture.header))
            return len(log.read_text().splitlines()) >= 2

        graph.wait(lambda: answered() or time.sleep(0.1), 30, "two distances")
    finally:
        example.terminate()
        assert example.wait(10) == 0
    assert log.read_text().splitlines()[:2] == ["cup: 1.25 m", "ball: 0.75 m"]


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
