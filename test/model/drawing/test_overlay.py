from types import SimpleNamespace

import numpy as np
import pytest

from eovseg_model.drawing.colours import name_colour, track_colour
from eovseg_model.drawing.names import Name, write_names
from eovseg_model.drawing.overlay import draw_overlay, segment_colours, segment_title
from eovseg_model.inference.regions import measure_regions


def segment(number, class_id=0, label="mug", is_thing=True, score=0.87, track_id=0):
    return SimpleNamespace(
        id=number, class_id=class_id, label=label, is_thing=is_thing, score=score, track_id=track_id
    )


def scene(height=240, width=320):
    """A floor with a box on it, and a strip of void at the top."""
    panoptic = np.zeros((height, width), np.uint16)
    panoptic[height // 3 :] = 1
    panoptic[height // 2 : height // 2 + 60, width // 2 : width // 2 + 80] = 2
    rgb = np.full((height, width, 3), 90, np.uint8)
    return rgb, panoptic, [segment(1, 1, "floor", is_thing=False), segment(2)]


def test_void_stays_as_it_is_and_the_input_is_untouched():
    rgb, panoptic, segments = scene()
    before = rgb.copy()
    overlay = draw_overlay(rgb, panoptic, segments, opacity=0.5)
    assert (overlay.shape, overlay.dtype) == (rgb.shape, np.uint8)
    np.testing.assert_array_equal(overlay[:75], rgb[:75])
    np.testing.assert_array_equal(rgb, before)


def test_a_thing_is_blended_with_its_colour():
    rgb, panoptic, segments = scene()
    overlay = draw_overlay(rgb, panoptic, segments, opacity=0.5)
    expected = (np.array(segment_colours(segments)[2]) + 90) / 2
    np.testing.assert_allclose(overlay[125, 165], expected, atol=2)


def test_opacity_zero_leaves_the_inside_of_a_segment():
    rgb, panoptic, segments = scene()
    np.testing.assert_array_equal(draw_overlay(rgb, panoptic, segments, opacity=0.0)[125, 165], [90, 90, 90])


def test_the_name_stands_inside_its_segment_on_a_dark_ground_in_white():
    rgb, panoptic, segments = scene()
    overlay = draw_overlay(rgb, panoptic, segments, opacity=0.5)
    middle = overlay[140:160, 165:235].reshape(-1, 3)
    assert (middle.min(axis=1) > 200).sum() > 20  # letters
    assert (middle.max(axis=1) < 110).sum() > 200  # their ground


def test_regions_that_are_known_already_are_used():
    rgb, panoptic, segments = scene()
    regions = measure_regions(panoptic)
    np.testing.assert_array_equal(
        draw_overlay(rgb, panoptic, segments, opacity=0.5, regions=regions),
        draw_overlay(rgb, panoptic, segments, opacity=0.5),
    )
    del regions[1]
    floor = draw_overlay(rgb, panoptic, segments, opacity=0.0, regions=regions)[200:, :80]
    np.testing.assert_array_equal(floor, rgb[200:, :80])  # neither outlined nor named


def written_at(mask):
    """Middle of the plate that is written on a mask."""
    picture = np.zeros((*mask.shape, 3), np.uint8)
    region = measure_regions(mask)[1]
    cut = mask[region.y : region.y + region.height, region.x : region.x + region.width]
    write_names(picture, [Name("wall", "90%", (255, 0, 0), (255, 128, 128), cut, region)])
    plate = measure_regions(picture.any(axis=2).astype(np.uint8))[1]
    return plate.x + plate.width / 2, plate.y + plate.height / 2


def test_the_name_of_a_large_segment_stands_in_its_thickest_part():
    mask = np.zeros((720, 1280), np.uint8)
    mask[300:310, 20:1260] = 1  # a long bar
    mask[200:420, 800:1020] = 1  # with a square on it
    assert written_at(mask) == pytest.approx((910, 310), abs=12)


def test_the_name_of_a_segment_of_thin_lines_stands_on_a_line():
    mask = np.zeros((720, 1280), np.uint8)
    mask[130:600:10, 700] = 1  # dots that every coarse grid misses
    mask[600, 640] = 1
    x, y = written_at(mask)
    assert x == pytest.approx(700, abs=2) and 120 < y < 610


def test_names_do_not_cover_each_other():
    rgb = np.full((240, 320, 3), 90, np.uint8)
    panoptic = np.zeros((240, 320), np.uint16)
    panoptic[100:140, 140:160], panoptic[100:140, 160:180] = 1, 2
    both = draw_overlay(rgb, panoptic, [segment(1), segment(2, 1)], opacity=0.0)
    one = draw_overlay(rgb, panoptic, [segment(1)], opacity=0.0)
    letters = (one.min(axis=2) > 220) & (panoptic != 1)
    assert letters.sum() > 10
    assert (both[letters].min(axis=1) > 220).all()


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (60, 40), (1080, 1920)])
def test_any_size_can_be_drawn(size):
    panoptic = np.ones(size, np.uint16)
    overlay = draw_overlay(
        np.zeros((*size, 3), np.uint8), panoptic, [segment(1, label="x" * 80)], opacity=0.5
    )
    assert overlay.shape == (*size, 3)
    assert overlay.any()


def test_a_segment_without_pixels_is_left_out():
    rgb, panoptic, segments = scene()
    np.testing.assert_array_equal(
        draw_overlay(rgb, panoptic, [*segments, segment(40, 3, "ghost")], opacity=0.5),
        draw_overlay(rgb, panoptic, segments, opacity=0.5),
    )


def test_a_colour_belongs_to_the_name_not_to_its_place_in_the_vocabulary():
    one = segment_colours([segment(1, 4, "mug"), segment(2, 5, "ball"), segment(3, 6, "mug", is_thing=False)])
    other = segment_colours([segment(7, 0, "ball"), segment(9, 1, "mug")])
    assert (one[1], one[2]) == (other[9], other[7]) and len(set(one.values())) == 3
    assert one[1] == name_colour("mug", is_thing=True) and one[3] == name_colour("mug", is_thing=False)


def test_instances_of_a_name_without_tracks_differ():
    assert len(set(segment_colours([segment(i) for i in (1, 2, 3)]).values())) == 3


def test_a_thing_has_the_colour_of_its_track_whatever_its_name_and_stuff_that_of_its_name():
    before = segment_colours([segment(1, 0, "mug", track_id=8), segment(2, 1, "floor", False, track_id=3)])
    after = segment_colours([segment(5, 1, "cup", track_id=8), segment(6, 0, "floor", False, track_id=4)])
    assert (before[1], before[2]) == (after[5], after[6])
    assert before[2] == name_colour("floor", is_thing=False)


def test_twelve_tracks_in_a_row_have_colours_far_apart():
    colours = np.array([track_colour(i) for i in range(1, 13)], int)
    distance = np.abs(colours[:, None] - colours).sum(-1) + 999 * np.eye(12, dtype=int)
    assert distance.min() > 60


def test_forty_classes_have_forty_colours():
    colours = segment_colours([segment(i + 1, i, f"name {i}") for i in range(40)])
    assert len(set(colours.values())) == 40


def test_titles():
    assert segment_title(segment(1)) == "mug"
    assert segment_title(segment(1, track_id=12)) == "mug #12"
    assert segment_title(segment(1, 0, "floor", is_thing=False, track_id=3)) == "floor"


def test_the_number_of_a_track_is_written_behind_the_name_of_a_thing():
    rgb, panoptic, _ = scene()

    def drawn(**box):
        floor = segment(1, 1, "floor", is_thing=False, track_id=7)
        return draw_overlay(rgb, panoptic, [floor, segment(2, **box)], opacity=0.0)

    named = [draw_overlay(rgb, panoptic, [segment(1, 1, "floor", False)], opacity=0.0)]
    named.append(draw_overlay(rgb, panoptic, [segment(1, 1, "floor", False, track_id=7)], opacity=0.0))
    np.testing.assert_array_equal(*named)  # stuff has no number
    letters = [(drawn(track_id=i)[140:160, 160:240].min(axis=2) > 200).sum() for i in (0, 8, 88)]
    assert letters[0] < letters[1] < letters[2]
