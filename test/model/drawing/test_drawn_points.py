"""Points in space and the place from which they are seen."""

import numpy as np
import pytest

from eovseg_model.drawing.drawn_points import draw_points
from eovseg_model.drawing.viewpoint import Viewpoint

DOWN_UP = np.array([0.0, -1.0, 0.0])
AHEAD = Viewpoint(np.zeros(3), np.array([0.0, 0.0, 1.0]), DOWN_UP, field_of_view=90.0)


def test_a_camera_sees_right_down_and_ahead():
    """90 degrees and 100 rows: a focal length of 50 pixels, and the axis between pixels 49 and 50."""
    seen = AHEAD.project(np.array([[0.0, 0.0, 2.0], [1.0, 0.0, 2.0], [0.0, 1.0, 2.0]]), (200, 100))
    assert seen == pytest.approx(np.array([[99.5, 49.5, 2.0], [124.5, 49.5, 2.0], [99.5, 74.5, 2.0]]))


def test_from_above_what_is_ahead_is_up_in_the_picture():
    """4 m above a point 1 m ahead: what is 3 m ahead is 2 m off the axis, 2 / 4 x 50 pixels."""
    above = Viewpoint(np.array([0.0, -4.0, 1.0]), np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0]), 90.0)
    seen = above.project(np.array([[0.0, 0.0, 3.0], [1.0, 0.0, 1.0]]), (100, 100))
    assert seen == pytest.approx(np.array([[49.5, 24.5, 4.0], [62.0, 49.5, 4.0]]))


def test_what_is_behind_the_eye_is_nowhere():
    seen = AHEAD.project(np.array([[0.0, 0.0, -1.0], [0.0, 0.0, 0.0]]), (100, 100))
    assert np.isnan(seen[:, :2]).all() and seen[:, 2].tolist() == [-1.0, 0.0]
    assert AHEAD.project_line(np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, -1.0]), (100, 100)) is None


@pytest.mark.parametrize("swapped", [False, True])
def test_a_line_from_behind_the_eye_is_cut_off_before_it(swapped):
    """From (0, 1, -1) to (0, 1, 1): at a depth of 0.1 m, it is 50 / 0.1 pixels below the axis."""
    ends = np.array([0.0, 1.0, -1.0]), np.array([0.0, 1.0, 1.0])
    seen = AHEAD.project_line(*(ends[::-1] if swapped else ends), (100, 100))
    near, far = seen[::-1] if swapped else seen
    assert near == pytest.approx([49.5, 49.5 + 500]) and far == pytest.approx([49.5, 99.5])


def drawn(points, sizes, shape=(9, 9)):
    """Point i has the colour i + 1."""
    picture = np.zeros((*shape, 3), np.uint8)
    colours = np.arange(1, len(points) + 1, dtype=np.uint8)[:, None].repeat(3, axis=1)
    draw_points(picture, np.array(points, float), colours, np.array(sizes, float), AHEAD)
    assert (picture == picture[:, :, :1]).all()
    return picture[:, :, 0]


def test_the_nearest_point_is_on_top_in_any_order():
    near, far = (0.0, 0.0, 1.0), (0.0, 0.0, 3.0)
    assert drawn([near, far], [0, 0])[4, 4] == 1
    assert drawn([far, near], [0, 0])[4, 4] == 2


def test_a_square_is_as_large_as_it_is_seen():
    """The focal length is 4.5 pixels: 2 m have 9 pixels at 1 m, 3 at 3 m, and at least one."""
    assert (drawn([(0, 0, 1)], [2.0]) == 1).all()
    at_three = drawn([(0, 0, 3)], [2.0])
    assert at_three.sum() == 9 and (at_three[3:6, 3:6] == 1).all()
    assert drawn([(0, 0, 90)], [2.0]).sum() == 1


def test_near_squares_hide_a_part_of_those_behind():
    """At 3 m, 2 m have 3 pixels; the other one at 1 m has one."""
    seen = drawn([(0, 0, 1), (0, 0, 3)], [0.2, 2.0])
    assert seen[4, 4] == 1 and (seen == 2).sum() == 8


def test_squares_end_at_the_border():
    """4 / 4.5 m to the left at 1 m is column 0: of its 3 columns, one is outside."""
    seen = drawn([(-4 / 4.5, 0, 1)], [3 / 4.5])
    assert (seen[3:6, :2] == 1).all() and seen.sum() == 6
    assert drawn([(-20, 0, 1), (20, 0, 1), (0, 20, 1), (0, -20, 1), (0, 0, -1)], [0.1] * 5).sum() == 0


def test_points_that_nobody_sees_leave_the_picture_as_it_was():
    picture = np.full((5, 7, 3), 9, np.uint8)
    draw_points(picture, np.zeros((0, 3)), np.zeros((0, 3), np.uint8), np.zeros(0), AHEAD)
    assert (picture == 9).all()
