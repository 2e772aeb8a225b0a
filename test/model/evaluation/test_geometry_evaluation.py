"""Positions and boxes against rays cast into simulated scenes."""

import math

import numpy as np
import pytest

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from eovseg_model.evaluation.geometry.__main__ import main  # noqa: E402
from eovseg_model.evaluation.geometry.box_overlap import box_iou  # noqa: E402
from eovseg_model.evaluation.geometry.judging import noisy_depth, score_view, views_of  # noqa: E402
from eovseg_model.geometry import Box  # noqa: E402
from eovseg_model.simulation import TEST  # noqa: E402


def box(centre, size, degrees=0.0):
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    rotation = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    return Box(np.array(centre, float), np.array(size, float), rotation)


@pytest.mark.parametrize(
    ("one", "other", "iou"),
    [
        (box((0, 0, 0), (2, 1, 1)), box((0, 0, 0), (2, 1, 1)), 1.0),
        (box((0, 0, 0), (2, 1, 1)), box((0, 0, 0), (1, 2, 1), 90), 1.0),
        (box((9, 9, 9), (2, 1, 1)), box((10, 9, 9), (2, 1, 1)), 1 / 3),  # 1 of 2 + 2 - 1
        (box((0, 0, 0), (2, 1, 1)), box((0, 0, 0.5), (2, 1, 1)), 1 / 3),
        (box((0, 0, 0), (2, 2, 2)), box((0.5, -0.5, 0.5), (1, 1, 1)), 1 / 8),  # inside, in a corner
        (box((0, 0, 0), (2, 1, 1)), box((0, 0, 1.01), (2, 1, 1)), 0.0),
        (box((0, 0, 0), (2, 1, 1)), box((3, 0, 0), (2, 1, 1)), 0.0),
        # Two squares of side 2 share an octagon of area 8 (sqrt(2) - 1) if one is turned by 45 degrees.
        (box((0, 0, 0), (2, 2, 1)), box((0, 0, 0), (2, 2, 1), 45), 3.3137 / (8 - 3.3137)),
    ],
)
def test_iou_of_boxes(one, other, iou):
    assert box_iou(one, other) == pytest.approx(iou, abs=1e-4)
    assert box_iou(other, one) == pytest.approx(iou, abs=1e-4)


@pytest.fixture(scope="module")
def views():
    """Two views of each of three scenes, with what true masks give."""
    found = []
    for seed in range(TEST.start, TEST.start + 3):
        for truth, view in views_of(seed, 2, (320, 240)):
            depth = noisy_depth(view, 0.0, np.random.default_rng(0))
            ids = view.frame.segment_ids
            renamed = np.where(ids > 0, ids + 50, 0).astype(np.uint16)
            none = np.zeros_like(renamed)
            found.append([score_view(truth, view, depth, masks) for masks in (None, renamed, none)])
    return found


def test_positions_and_boxes_of_true_masks(views):
    scores = [score for of_view, *_ in views for score in of_view]
    whole = [score for score in scores if score.is_whole]
    errors = [score.surface_error for score in scores]
    assert len(scores) >= 20 and len(whole) >= 8
    assert np.median(errors) < 0.01 and np.quantile(errors, 0.9, method="higher") < 0.03
    assert np.median([score.centre_error for score in scores]) < 0.25
    assert np.median([score.iou for score in whole]) > 0.4


def test_masks_of_a_label_image_are_matched_with_things(views):
    for true, renamed, none in views:
        assert renamed == true
        assert none == []


def test_noise_grows_with_the_square_of_depth():
    for _, view in views_of(TEST.start, 1, (160, 120)):
        exact = view.frame.depth * 1000
        error = (noisy_depth(view, 0.004, np.random.default_rng(0)) - exact) / (view.frame.depth**2)
        assert error.std() == pytest.approx(4.0, rel=0.05)  # millimetres
        assert np.abs(noisy_depth(view, 0.0, np.random.default_rng(0)) - exact).max() <= 0.51


def test_a_position_off_the_surface_is_seen():
    for truth, view in views_of(TEST.start, 1, (320, 240)):
        depth = noisy_depth(view, 0.0, np.random.default_rng(0))
        right = score_view(truth, view, depth)
        wrong = score_view(truth, view, depth + np.uint16(50))
        assert right
        for one, other in zip(right, wrong, strict=True):
            assert one.surface_error < 0.01
            assert 0.045 < other.surface_error < 0.08  # 5 cm along the optical axis
            assert other.centre_error > 0.02


def test_the_command_prints_a_table(capfd):
    options = ["--scenes", "1", "--views", "1", "--width", "320", "--height", "240"]
    assert main(options) == 0
    printed = capfd.readouterr().out
    assert "1 scenes from seed 2000000, 1 views of 320x240" in printed
    assert "true masks" in printed and "masks of tiny" not in printed
    assert main([*options, "--own-masks"]) == 0
    assert "masks of tiny" in capfd.readouterr().out
