import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from eovseg_model.geometry import quaternion, transform_points, up_in_camera

# A camera at (1, 2, 3) that looks along the world's x axis: its x is the world's -y, its y the world's -z.
WORLD_FROM_CAMERA = np.array(
    [[0.0, 0.0, 1.0, 1.0], [-1.0, 0.0, 0.0, 2.0], [0.0, -1.0, 0.0, 3.0], [0.0, 0.0, 0.0, 1.0]]
)


def test_points():
    points = np.array([[[0.0, 0.0, 5.0], [0.5, 0.25, 0.0]]])
    assert transform_points(WORLD_FROM_CAMERA, points).tolist() == [[[6.0, 2.0, 3.0], [1.0, 1.5, 2.75]]]


def test_up():
    assert up_in_camera(WORLD_FROM_CAMERA) == pytest.approx([0.0, -1.0, 0.0])


@pytest.mark.parametrize("degrees", [0, 1e-6, 90, 180 - 1e-6, 180])
@pytest.mark.parametrize(
    "axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, -1), (0.6, -0.8, 0), (-0.48, 0.6, 0.64)]
)
def test_a_turn_is_half_its_angle_and_its_axis_as_a_quaternion(axis, degrees):
    half = np.radians(degrees) / 2
    expected = [*np.sin(half) * np.array(axis), np.cos(half)]
    found = quaternion(Rotation.from_rotvec(np.radians(degrees) * np.array(axis)).as_matrix())
    if degrees == 180 and np.dot(found[:3], axis) < 0:  # the same turn about the opposite axis
        expected = [-value for value in expected]
    assert found == pytest.approx(expected, abs=1e-12)
    assert found[3] >= 0


def test_quaternions_of_any_rotation():
    for rotation in Rotation.random(200, random_state=3):
        expected = rotation.as_quat(canonical=True)
        assert quaternion(rotation.as_matrix()) == pytest.approx(expected, abs=1e-12)
