"""Pictures of space: grid, camera, boxes and titles."""

import numpy as np
import pytest

from eovseg_model.drawing.space_picture import Ground, TitledBox, draw_space
from eovseg_model.drawing.space_titles import PlacedText, PlacedTitle, write_titles
from eovseg_model.drawing.viewpoint import Viewpoint
from eovseg_model.geometry.box import Box

SIZE = (400, 300)
LEVEL = Ground(
    origin=np.array([0.0, 1.0, 0.0]),
    right=np.array([1.0, 0.0, 0.0]),
    ahead=np.array([0.0, 0.0, 1.0]),
    up=np.array([0.0, -1.0, 0.0]),
)
# 4 m above the ground, 2 m ahead of the camera: 300 pixels are 2 x 4 m high there, as 90 degrees are seen
ABOVE = Viewpoint(np.array([0.0, -3.0, 2.0]), np.array([0.0, 1.0, 2.0]), LEVEL.ahead, field_of_view=90.0)
RED = (255, 0, 0)


def picture_of(points=(), boxes=()):
    points = np.array(points, float).reshape(-1, 3)
    colours = np.full((len(points), 3), (0, 200, 0), np.uint8)
    sizes = np.full(len(points), 0.2)
    return draw_space(points, colours, sizes, boxes=boxes, ground=LEVEL, view=ABOVE, size=SIZE)


def at(ground_right, ground_ahead):
    """The pixel of a point on the ground: 150 / 4 pixels a metre."""
    return round(149.5 - (ground_ahead - 2) * 37.5), round(199.5 + ground_right * 37.5)


def test_a_point_on_the_ground_is_given_in_metres():
    assert LEVEL.at(1.0, 2.0, 0.5).tolist() == [1.0, 0.5, 2.0]


def test_the_grid_has_lines_every_half_metre_and_brighter_ones_every_metre():
    empty = picture_of().astype(int)
    row = empty[at(0, 1.25)[0], :, 0]
    metre, half, between = (row[at(x, 0)[1] + np.arange(-1, 2)].max() for x in (-2.0, -2.5, -2.25))
    assert metre > half + 20 > between + 20


def test_points_cover_the_grid_and_their_own_colour_is_seen():
    picture = picture_of([LEVEL.at(-2.0, 1.0)])
    assert picture[at(-2.0, 1.0)].tolist() == [0, 200, 0]
    assert picture_of()[at(-2.0, 1.0)].tolist() != [0, 200, 0]


def test_a_box_is_drawn_by_its_edges_in_its_colour():
    """A flat square of 2 m on the ground around (0, 2): its border is drawn, its inside is not."""
    flat = Box(
        LEVEL.at(0, 2), np.array([2.0, 2.0, 1e-6]), np.stack([LEVEL.right, LEVEL.ahead, LEVEL.up], axis=1)
    )
    with_box = picture_of(boxes=[TitledBox(flat.corners(), "", RED)]).astype(int)
    for right, ahead in ((-1, 1.6), (1, 1.6), (0.4, 1), (0.4, 3)):
        y, x = at(right, ahead)
        around = with_box[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3)
        assert (around[:, 0] > around[:, 1] + 80).any(), (right, ahead)
    y, x = at(0.4, 1.6)
    inside = with_box[y - 3 : y + 4, x - 3 : x + 4]
    assert (inside[..., 0] < inside[..., 1] + 20).all()


def test_the_camera_is_drawn_where_it_is():
    """It is 3 m below the eye and 2 m off its axis: 150 x 2 / 3 pixels."""
    picture = picture_of()
    white = np.argwhere(picture.min(axis=2) > 200)
    assert len(white) and (np.abs(white - (249.5, 199.5)) < 15).all(axis=1).any()
    assert (np.abs(white - (249.5, 199.5)) < 60).all(axis=1).mean() > 0.9


@pytest.mark.parametrize("count", [1, 4])
def test_titles_at_the_same_place_stand_above_each_other(count):
    """Each plate has a red frame; none covers another one."""
    corners = Box(LEVEL.at(0, 2), np.full(3, 0.2), np.eye(3)).corners()
    titles = [PlacedTitle("red ball", corners, RED) for _ in range(count)]
    picture = write_titles(np.zeros((300, 400, 3), np.uint8), [], titles, ABOVE)
    red = (picture == RED).all(axis=2)
    rows = np.flatnonzero(red[:, 195:205].any(axis=1))  # top and bottom of the frames
    assert len(rows) == 2 * count
    white = (picture > 250).all(axis=2).sum()
    alone = write_titles(np.zeros((300, 400, 3), np.uint8), [], titles[:1], ABOVE)
    assert white == pytest.approx(count * (alone > 250).all(axis=2).sum(), rel=0.05)


def test_titles_at_the_upper_border_stand_below_each_other():
    corners = Box(LEVEL.at(0, 5.9), np.full(3, 0.2), np.eye(3)).corners()
    titles = [PlacedTitle("red ball", corners, RED) for _ in range(3)]
    picture = write_titles(np.zeros((300, 400, 3), np.uint8), [], titles, ABOVE)
    rows = np.flatnonzero((picture == RED).all(axis=2)[:, 195:205].any(axis=1))
    assert len(rows) == 6 and rows[0] < 4


def test_a_title_stays_inside_the_picture():
    corners = Box(LEVEL.at(-5.2, 5.9), np.full(3, 0.2), np.eye(3)).corners()  # in the upper left corner
    picture = write_titles(
        np.zeros((300, 400, 3), np.uint8), [], [PlacedTitle("red ball", corners, RED)], ABOVE
    )
    red = (picture == RED).all(axis=2)
    assert red[:, :4].any() and red[:4].any() and red[:40].sum() == red.sum()


def test_a_title_is_in_the_middle_of_its_plate_above_the_middle_of_its_box():
    """The box is 1 m right of the axis and 3.9 m below the eye: 150 / 3.9 pixels to the right."""
    box = Box(LEVEL.at(1, 2, 0.1), np.full(3, 0.2), np.eye(3))
    title = PlacedTitle("iiiiii", box.corners(), RED)
    picture = write_titles(np.zeros((300, 400, 3), np.uint8), [], [title], ABOVE)
    red, white = (picture == RED).all(axis=2), (picture > 200).all(axis=2)
    middle = 199.5 + 150 / 3.9
    for drawn in (red, white):
        columns = np.flatnonzero(drawn.any(axis=0))
        assert (columns[0] + columns[-1]) / 2 == pytest.approx(middle, abs=1.5)
    assert np.flatnonzero(red.any(axis=1))[-1] <= 149.5 - 0.1 * 37.5


def test_the_nearest_box_has_its_title_at_its_place():
    far = PlacedTitle("far", Box(LEVEL.at(0, 2), np.full(3, 0.2), np.eye(3)).corners(), (0, 255, 0))
    near = PlacedTitle("near", Box(LEVEL.at(0, 2, 0.1), np.full(3, 0.2), np.eye(3)).corners(), RED)
    alone = write_titles(np.zeros((300, 400, 3), np.uint8), [], [near], ABOVE)
    for titles in ([far, near], [near, far]):
        picture = write_titles(np.zeros((300, 400, 3), np.uint8), [], titles, ABOVE)
        assert ((picture == RED).all(axis=2) == (alone == RED).all(axis=2)).all()


def test_texts_are_written_at_their_points():
    text = PlacedText("2 m", LEVEL.at(1, 2))
    picture = write_titles(np.zeros((300, 400, 3), np.uint8), [text], [], ABOVE)
    rows, columns = np.nonzero(picture.min(axis=2) > 150)
    assert rows.mean() == pytest.approx(149.5, abs=2) and 0 < columns.min() - 237 < 9
    outside = PlacedText("9 m", LEVEL.at(0, 9))
    assert not write_titles(np.zeros((300, 400, 3), np.uint8), [outside], [], ABOVE).any()


def test_a_title_of_a_box_behind_the_eye_is_left_out():
    corners = Box(np.array([0.0, -5.0, 2.0]), np.full(3, 0.2), np.eye(3)).corners()
    picture = write_titles(
        np.zeros((300, 400, 3), np.uint8), [], [PlacedTitle("red ball", corners, RED)], ABOVE
    )
    assert not picture.any()
