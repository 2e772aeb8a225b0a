"""The example of the library runs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from eovseg_model.simulation import Recording

ROOT = Path(__file__).parents[2]


def test_an_image_is_segmented_and_drawn(tmp_path):
    with Recording(ROOT / "eovseg_ros/simulation/recordings/robot_view.zip") as recording:
        Image.fromarray(recording.rgb(40)).save(tmp_path / "in.png")
    command = [sys.executable, ROOT / "examples/segment_image.py", tmp_path / "in.png", tmp_path / "out.png"]
    done = subprocess.run([*command, "floor|stuff", "wall|stuff"], capture_output=True, text=True, check=True)
    assert {line.split()[1] for line in done.stdout.splitlines()} == {"floor", "wall"}
    overlay = np.array(Image.open(tmp_path / "out.png"))
    assert overlay.shape == (240, 320, 3) and overlay.std() > 10
