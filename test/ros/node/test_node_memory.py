"""Memory of the model as the node loads it, with images of ever new sizes."""

import subprocess
import sys

import pytest

PROGRAM = """
import random
import numpy as np
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import load_predictor

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4 // 1024  # MB

predictor = load_predictor(NodeParameters(device="cpu", backend="torch"))
vocabulary = predictor.encode(predictor.vocabulary.vocabulary)
chance = random.Random(0)
for number in range(140):
    image = np.full((chance.randint(60, 480), chance.randint(60, 640), 3), 128, np.uint8)
    predictor(image, short_side=-1, vocabulary=vocabulary, object_threshold=0.0, overlap_threshold=None)
    if number in (49, 139):
        print(resident())
"""


@pytest.mark.slow
def test_new_image_sizes_do_not_fill_the_memory():
    answer = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    after_50, after_140 = map(int, answer.stdout.split())
    assert after_140 - after_50 < 150, answer.stdout  # MB; 340 with the default caches
