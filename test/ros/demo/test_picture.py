"""The picture of the README."""

import numpy as np
import pytest
from PIL import Image

from eovseg_ros.demo.acts import ACTS
from eovseg_ros.demo.picture import main


@pytest.fixture
def demo(tmp_path):
    """Images of the demo's sizes, in one colour each."""
    for number, act in enumerate(ACTS, start=1):
        Image.new("RGB", (1280, 524), (40 * number, 0, 0)).save(tmp_path / f"{number}_{act.name}_2.png")
        Image.new("RGB", (1920, 620), (0, 0, 40 * number)).save(tmp_path / f"{number}_{act.name}_cloud.png")
    return tmp_path


def test_it_has_the_four_parts_and_the_cloud_below(demo, tmp_path):
    assert main([str(tmp_path / "out.png"), "--demo", str(demo), "--cloud", "3"]) == 0
    picture = np.array(Image.open(tmp_path / "out.png"))
    assert picture.shape == (2 * 393 + 33 + 620, 1920, 3)
    reds = [int(picture[y, x, 0]) for y in (200, 600) for x in (480, 1440)]
    assert reds == [40, 80, 120, 160]
    assert picture[-300, 960].tolist() == [0, 0, 120]
    assert (picture[2 * 393 : 2 * 393 + 33] > 200).any()  # the caption


def test_a_missing_image_is_named(demo, tmp_path, capsys):
    (demo / "2_kept_out_names_2.png").unlink()
    assert main([str(tmp_path / "out.png"), "--demo", str(demo)]) == 1
    assert "2_kept_out_names_2.png is missing: run the demo first (make demo)" in capsys.readouterr().err
