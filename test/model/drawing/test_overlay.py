from types import SimpleNamespace

import numpy as np
import pytest

from eovseg_model.drawing.names import Name, write_names
from eovseg_model.drawing.overlay import draw_overlay, segment_colours
from eovseg_model.inference.regions import measure_regions


def segment(number, class_id=0, label="mug", is_thing=True, score=0.87):
    return SimpleNamespace(id=number, class_id=class_id, label=label, is_thing=is_thing, score=score)


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


def test_colours_belong_to_the_class_and_tell_instances_apart():
    colours = segment_colours([segment(1, 4), segment(2, 4), segment(3, 5), segment(4, 4, is_thing=False)])
    assert len(set(colours.values())) == 4
    alone = segment_colours([segment(8, 5)])
    assert alone[8] == colours[3]


def test_forty_classes_have_forty_colours():
    colours = segment_colours([segment(i + 1, i) for i in range(40)])
    assert len(set(colours.values())) == 40
