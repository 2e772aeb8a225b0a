import numpy as np
import pytest

from eovseg_model.geometry import transform_points, up_in_camera

# A camera at (1, 2, 3) that looks along the world's x axis: its x is the world's -y, its y the world's -z.
WORLD_FROM_CAMERA = np.array(
    [[0.0, 0.0, 1.0, 1.0], [-1.0, 0.0, 0.0, 2.0], [0.0, -1.0, 0.0, 3.0], [0.0, 0.0, 0.0, 1.0]]
)


def test_points():
    points = np.array([[[0.0, 0.0, 5.0], [0.5, 0.25, 0.0]]])
    assert transform_points(WORLD_FROM_CAMERA, points).tolist() == [[[6.0, 2.0, 3.0], [1.0, 1.5, 2.75]]]


def test_up():
    assert up_in_camera(WORLD_FROM_CAMERA) == pytest.approx([0.0, -1.0, 0.0])
