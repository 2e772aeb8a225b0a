import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from eovseg_model.geometry import Box, GeometryError, transform_points, upright_box

WORLD_UP = (0.0, 0.0, 1.0)


def cuboid(size, yaw=0.0, centre=(0.0, 0.0, 0.0), steps=30):
    """Points on all sides of a cuboid whose third side is along z."""
    across = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, steps)] * 2), axis=-1).reshape(-1, 2)
    sides = []
    for axis in range(3):
        for end in (-0.5, 0.5):
            sides.append(np.insert(across, axis, end, axis=1))
    points = np.concatenate(sides) * size
    return points @ Rotation.from_euler("z", yaw, degrees=True).as_matrix().T + centre


@pytest.mark.parametrize("yaw", [0, 10, 37, 45, 80, 90, 135, 179, -20])
def test_a_cuboid_at_any_yaw(yaw):
    box = upright_box(cuboid((0.6, 0.3, 0.4), yaw, (1.0, -2.0, 3.0)), WORLD_UP)
    assert box.centre == pytest.approx([1.0, -2.0, 3.0], abs=0.01)
    assert box.size == pytest.approx([0.6, 0.3, 0.4], rel=0.1)
    assert (box.size <= [0.601, 0.301, 0.401]).all()
    along = Rotation.from_euler("z", yaw, degrees=True).apply([1.0, 0.0, 0.0])
    assert abs(box.rotation[:, 0] @ along) > 0.999
    assert box.rotation[0, 0] >= -1e-6  # to the right
    assert box.rotation[:, 2] == pytest.approx(WORLD_UP)
    assert np.linalg.det(box.rotation) == pytest.approx(1.0)


@pytest.mark.parametrize("tilt", [0, 20, 50, 90, 180])
def test_gravity_in_the_camera(tilt):
    """The same cuboid, seen by cameras that look up and down and lie on their side."""
    for axis in "xz":
        turn = Rotation.from_euler(axis, tilt, degrees=True).as_matrix()
        points = cuboid((0.6, 0.3, 0.4), 30, (0.2, 0.1, 0.0)) @ turn.T + (0.0, 0.0, 3.0)
        box = upright_box(points, turn @ WORLD_UP)
        assert box.size == pytest.approx([0.6, 0.3, 0.4], rel=0.1)
        assert box.centre == pytest.approx(turn @ (0.2, 0.1, 0.0) + (0.0, 0.0, 3.0), abs=0.01)
        assert box.rotation[:, 2] == pytest.approx(turn @ WORLD_UP, abs=1e-6)
        assert box.rotation.T @ box.rotation == pytest.approx(np.eye(3), abs=1e-6)


def test_the_upward_direction_may_lie_along_the_cameras_x_axis():
    box = upright_box(cuboid((0.4, 0.3, 0.6))[:, [2, 0, 1]] + (0.0, 0.0, 2.0), (-1.0, 0.0, 0.0))
    assert box.size == pytest.approx([0.4, 0.3, 0.6], rel=0.1)
    assert np.linalg.det(box.rotation) == pytest.approx(1.0)


def test_up_of_any_length_and_none():
    points = cuboid((0.6, 0.3, 0.4))
    assert upright_box(points, (0, 0, 9.81)).size == pytest.approx(upright_box(points, WORLD_UP).size)
    for up in [(0.0, 0.0, 0.0), (np.nan, 0.0, 1.0)]:
        with pytest.raises(GeometryError, match="has no length"):
            upright_box(points, up)


def test_by_default_up_is_the_cameras():
    points = cuboid((0.6, 0.3, 0.4))[:, [0, 2, 1]]  # the third side along the camera's y axis
    assert upright_box(points + (0.0, 0.0, 2.0)).size == pytest.approx([0.6, 0.3, 0.4], rel=0.1)


def test_a_background_that_shines_through_is_left_out():
    object_ = cuboid((0.3, 0.3, 0.3), centre=(0.0, 0.0, 2.0))
    wall = np.array([[x, 0.0, 4.0] for x in np.linspace(-1.0, 1.0, len(object_) // 10)])
    specks = np.array([[0.9, 0.0, 2.0], [0.0, -0.9, 2.0], [0.0, 0.0, 0.4]])
    box = upright_box(np.concatenate([object_, wall, specks]))
    assert box.centre == pytest.approx([0.0, 0.0, 2.0], abs=0.01)
    assert box.size == pytest.approx([0.3, 0.3, 0.3], rel=0.1)


def test_few_points_and_flat_ones():
    one = upright_box(np.array([[1.0, 2.0, 3.0]]))
    assert one.centre.tolist() == [1.0, 2.0, 3.0] and one.size.tolist() == [0.0, 0.0, 0.0]
    line = upright_box(np.stack([np.linspace(0.0, 1.0, 11), np.zeros(11), np.ones(11)], axis=1))
    assert line.size == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)
    assert np.isfinite(line.rotation).all()
    wall = np.stack([*np.meshgrid(np.linspace(0, 2, 50), np.linspace(0, 1, 50)), np.ones((50, 50))], axis=-1)
    assert upright_box(wall.reshape(-1, 3)).size == pytest.approx([2.0, 0.0, 1.0], abs=0.1)


def test_corners_and_another_frame():
    quarter = Rotation.from_euler("z", 90, degrees=True).as_matrix()
    box = Box(np.array([1.0, 0.0, 0.0]), np.array([2.0, 1.0, 4.0]), quarter)
    assert {tuple(corner) for corner in box.corners().round(9) + 0.0} == {
        (x, y, z) for x in (0.5, 1.5) for y in (-1.0, 1.0) for z in (-2.0, 2.0)
    }
    world_from_camera = np.eye(4)
    world_from_camera[:3, :3], world_from_camera[:3, 3] = quarter, (0.0, 0.0, 5.0)
    moved = box.transformed(world_from_camera)
    assert moved.centre == pytest.approx([0.0, 1.0, 5.0])
    assert moved.corners() == pytest.approx(transform_points(world_from_camera, box.corners()))
