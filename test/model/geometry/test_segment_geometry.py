import numpy as np
import pytest
from ray_scenes import VGA, compose, cuboid_depth, plane_depth, sphere_depth
from scipy.spatial.transform import Rotation

from eovseg_model.geometry import CameraModel, GeometryError, measure_geometry

CENTRE = np.array([0.2, 0.1, 2.0])


def ball(camera=VGA, radius=0.15):
    """A ball in front of a wall at 4 m."""
    return compose(sphere_depth(camera, CENTRE, radius), plane_depth(camera, [0.0, 0.0, 1.0], 4.0))


def off_the_ball(position, radius=0.15):
    return abs(np.linalg.norm(position - CENTRE) - radius)


def test_a_square_by_hand():
    """The pixels x = 40..59, y = 20..39 of a plane at 2 m: with f = 100 and c = (50, 30), 0.02 m a pixel."""
    camera = CameraModel(width=100, height=60, k=(100, 0, 50, 0, 100, 30, 0, 0, 1))
    labels = np.zeros((60, 100), np.uint16)
    labels[20:40, 40:60] = 9
    measured = measure_geometry(labels, np.full((60, 100), 2000, np.uint16), camera)
    assert list(measured) == [9]
    assert measured[9].points == 400
    assert measured[9].position == pytest.approx([0.0, 0.0, 2.0], abs=0.011)
    # From (40 - 50) * 0.02 to (59 - 50) * 0.02: 0.38 m wide and high, centre at -0.01.
    assert measured[9].box.centre == pytest.approx([-0.01, -0.01, 2.0], abs=1e-6)
    assert measured[9].box.size == pytest.approx([0.38, 0.0, 0.38], abs=1e-6)


def test_a_ball_and_a_wall():
    labels, depth = ball()
    measured = measure_geometry(labels, depth, VGA)
    assert list(measured) == [1, 2]
    assert off_the_ball(measured[1].position) < 2e-3
    assert measured[1].position[2] < CENTRE[2]  # the near side
    assert np.linalg.norm(measured[1].position[:2] - CENTRE[:2]) < 0.03
    assert measured[1].box.size[[0, 2]] == pytest.approx([0.3, 0.3], rel=0.1)
    assert measured[1].box.size[1] < 0.16  # one side is visible only
    assert measured[2].position[2] == pytest.approx(4.0)


def test_the_position_is_on_the_surface_where_the_median_is_not():
    """A ring around a hole: the medians of x, y and z lie in the hole, inside the ball."""
    labels, depth = ball(radius=0.3)
    y, x = np.indices(labels.shape)
    distance = np.hypot(x - (319.5 + 50), y - (239.5 + 25))
    labels[distance < 45] = 2
    position = measure_geometry(labels, depth, VGA)[1].position
    assert off_the_ball(position, 0.3) < 0.01  # at the edge of the hole, the neighbours are on one side
    assert labels[tuple(VGA.project(position[None])[0, ::-1].round().astype(int))] == 1


@pytest.mark.parametrize("yaw", [0, 20, 45, 70])
def test_the_box_of_a_cuboid_on_the_floor(yaw):
    """A camera 1.2 m above the floor that looks down by 25 degrees at a cuboid 2 m ahead."""
    camera_from_level = Rotation.from_euler("x", 25, degrees=True).as_matrix()
    up = camera_from_level @ (0.0, -1.0, 0.0)
    turn = Rotation.from_euler("y", yaw, degrees=True).as_matrix()
    size = np.array([0.5, 0.4, 0.3])  # along the level frame's x, y (down) and z before the turn
    centre = camera_from_level @ (0.1, 1.2 - 0.2, 2.0)
    labels, depth = compose(
        cuboid_depth(VGA, centre, size, camera_from_level @ turn), plane_depth(VGA, -up, 1.2)
    )
    box = measure_geometry(labels, depth, VGA, up=up)[1].box
    assert box.centre == pytest.approx(centre, abs=0.03)
    assert box.size == pytest.approx([0.5, 0.3, 0.4], abs=0.04)
    assert box.rotation[:, 2] == pytest.approx(up)
    assert abs(box.rotation[:, 0] @ camera_from_level @ turn @ (1.0, 0.0, 0.0)) > 0.995


def test_invalid_depth_is_left_out():
    labels, depth = ball()
    expected = measure_geometry(labels, depth, VGA)[1]
    bad = np.where(np.indices(labels.shape).sum(axis=0) % 2 == 0, depth, np.nan)
    bad[200:230:4] = np.inf
    bad[201:230:4] = 0.0
    bad[202:230:4] = -1.0
    measured = measure_geometry(labels, bad, VGA)[1]
    assert measured.points < expected.points
    assert off_the_ball(measured.position) < 2e-3
    assert measured.box.centre == pytest.approx(expected.box.centre, abs=0.02)
    assert measured.box.size == pytest.approx(expected.box.size, abs=0.04)


def test_saturated_and_missing_millimetres_are_left_out():
    labels, depth = ball()
    millimetres = (depth * 1000).round().astype(np.uint16)
    millimetres[::3], millimetres[1::3] = 0, 65535
    measured = measure_geometry(labels, millimetres, VGA)
    assert off_the_ball(measured[1].position) < 1e-3
    assert measured[1].box.size.max() < 0.31
    assert measured[2].position[2] == pytest.approx(4.0)


def test_a_segment_without_enough_depth_is_left_out():
    labels, depth = ball()
    seen = np.flatnonzero(labels == 1)
    depth.ravel()[seen] = np.nan
    assert list(measure_geometry(labels, depth, VGA)) == [2]
    labels = np.zeros((480, 640), np.uint16)
    labels[3, 3:10], labels[5, 3:11] = 1, 2  # seven and eight pixels
    measured = measure_geometry(labels, np.full((480, 640), 1000, np.uint16), VGA)
    assert list(measured) == [2] and measured[2].points == 8
    assert measure_geometry(np.zeros((480, 640), np.uint16), depth, VGA) == {}


def test_a_line_of_pixels_has_a_position_though_erosion_leaves_none():
    labels = np.zeros((480, 640), np.uint16)
    labels[100, 100:200] = 4
    measured = measure_geometry(labels, np.full((480, 640), 1000, np.uint16), VGA)[4]
    assert measured.position == pytest.approx([(149.5 - 319.5) / 500, (100 - 239.5) / 500, 1.0], abs=0.002)


def test_mixed_pixels_at_the_contour_do_not_move_the_position():
    """Depth between the object and the wall at one pixel along the contour of a narrow object."""
    labels = np.full((480, 640), 2, np.uint16)
    labels[100:300, 300:306] = 1
    depth = np.full((480, 640), 4.0, np.float32)
    depth[100:300, 302:304] = 1.0
    for columns in ([300, 301], [304, 305]):
        depth[100:300, columns] = 2.5
    depth[100:300, [301, 304]] = 1.0
    assert measure_geometry(labels, depth, VGA)[1].position[2] == 1.0


@pytest.mark.parametrize("size", [(320, 240), (160, 120), (1280, 960), (800, 600)])
def test_depth_at_another_resolution(size):
    labels, _ = ball()
    _, depth = ball(VGA.scaled(*size))
    measured = measure_geometry(labels, depth, VGA)[1]
    assert off_the_ball(measured.position) < 2e-3
    expected = measure_geometry(*ball(), VGA)[1]
    assert measured.box.centre == pytest.approx(expected.box.centre, abs=0.02)
    assert measured.box.size == pytest.approx(expected.box.size, abs=0.04)


def test_the_camera_info_may_have_another_resolution():
    labels, depth = ball()
    twice = measure_geometry(labels, depth, VGA.scaled(1280, 960))[1]
    assert twice.position == pytest.approx(measure_geometry(labels, depth, VGA)[1].position)


def test_another_aspect_is_refused():
    labels, depth = ball()
    with pytest.raises(
        GeometryError, match="640x360 pixels.*640x480.*register the depth to the colour image"
    ):
        measure_geometry(labels, depth[:360], VGA)
    with pytest.raises(GeometryError, match="another aspect"):
        measure_geometry(labels[:360], depth[:360], VGA)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_labels_of_other_types(dtype):
    labels, depth = ball()
    same = measure_geometry(labels.astype(dtype), depth, VGA)
    assert same[1].position.tolist() == measure_geometry(labels, depth, VGA)[1].position.tolist()


@pytest.mark.parametrize("wrong", [-1, 65536])
def test_ids_out_of_range_are_refused(wrong):
    with pytest.raises(GeometryError, match="0 to 65535"):
        measure_geometry(np.full((480, 640), wrong), np.ones((480, 640), np.float32), VGA)


def test_the_highest_id():
    labels, depth = ball()
    labels[labels == 1] = 65535
    assert list(measure_geometry(labels, depth, VGA)) == [2, 65535]


def test_every_segment_is_measured_by_itself():
    labels, depth = ball()
    labels[:, 480:][labels[:, 480:] == 2] = 7
    together = measure_geometry(labels, depth, VGA)
    for number, measured in together.items():
        alone = measure_geometry(np.where(labels == number, labels, 0), depth, VGA)[number]
        assert alone.points == measured.points
        assert alone.box.size.tolist() == measured.box.size.tolist()


def test_a_lens_changes_the_place():
    labels, depth = np.ones((480, 640), np.uint16), np.full((480, 640), 2.0, np.float32)
    d = (-0.3, 0.1, 0.0, 0.0, 0.0)
    bent = CameraModel(width=640, height=480, k=VGA.k, d=d, distortion_model="plumb_bob")
    corner = np.zeros((480, 640), np.uint16)
    corner[:10, :10] = 1
    position = measure_geometry(corner, depth, bent)[1].position
    assert bent.project(position[None])[0] == pytest.approx([5, 5], abs=1.5)
    assert position[0] < measure_geometry(corner, depth, VGA)[1].position[0] - 0.05
    assert list(measure_geometry(labels, depth, bent)) == [1]


def test_the_neighbours_of_a_position_are_of_its_own_surface():
    """A row at the median, 1.5 m, between two surfaces; six of nine pixels around its middle are not."""
    labels, depth = np.zeros((480, 640), np.uint16), np.full((480, 640), 1.55, np.float32)
    labels[200:231, 300:331] = 1
    depth[215:231] = depth[214, 313:318] = 1.45
    depth[215] = 1.5
    assert measure_geometry(labels, depth, VGA)[1].position[2] == pytest.approx(1.5)


def test_the_neighbours_of_a_position_are_of_its_own_segment():
    """A row of pixels at 1 m between segments at 1.01 m, which would be the median of nine."""
    labels, depth = np.full((480, 640), 2, np.uint16), np.full((480, 640), 1.01, np.float32)
    labels[100, 100:200], depth[100, 100:200] = 4, 1.0
    labels[101:], depth[479] = 3, 1.0
    labels[479] = 5  # the last row of the image
    measured = measure_geometry(labels, depth, VGA)
    assert measured[4].position[2] == pytest.approx(1.0, abs=1e-6)
    assert measured[5].position[2] == pytest.approx(1.0, abs=1e-6)


def test_neighbours_without_depth_do_not_count():
    """Of a large segment, whose points are far apart: only every third pixel has depth."""
    labels, depth = np.ones((480, 640), np.uint16), np.full((480, 640), np.nan, np.float32)
    depth.ravel()[::3] = 2.0
    depth.ravel()[1::3] = 0.0
    assert measure_geometry(labels, depth, VGA)[1].position[2] == pytest.approx(2.0, abs=1e-6)


def test_neighbours_of_a_large_segment_are_beside_the_position():
    """Seven of eight columns of a wall are 1 cm farther; those of the grid of points are not."""
    labels, depth = np.ones((480, 640), np.uint16), np.full((480, 640), 2.01, np.float32)
    depth[:, ::8] = 2.0
    assert measure_geometry(labels, depth, VGA)[1].position[2] == pytest.approx(2.01, abs=1e-6)


def test_noise_of_single_pixels_hardly_moves_the_position():
    """Noise of 2 cm on a wall at 4 m: the median of nine neighbours has a deviation of about 0.9 cm."""
    labels = np.ones((480, 640), np.uint16)
    errors = []
    for seed in range(30):
        noise = np.random.default_rng(seed).normal(0.0, 0.02, (480, 640))
        errors.append(measure_geometry(labels, (4.0 + noise).astype(np.float32), VGA)[1].position[2] - 4.0)
    assert np.std(errors) < 0.012
