"""The coarse grid: 120 rows, 160 columns, the same for images of all sizes."""

import numpy as np
import pytest

from eovseg_model.tracking.masks import COLUMNS, ROWS, GridMask, overlaps, sample_grid, split_grid


@pytest.mark.parametrize("size", [(120, 160), (240, 320), (720, 1280), (60, 80), (33, 47)])
def test_a_half_of_an_image_is_a_half_of_the_grid(size):
    image = np.zeros(size, np.uint16)
    image[:, size[1] // 2 + size[1] % 2 :] = 700
    grid = sample_grid(image, [700])
    assert grid.shape == (ROWS, COLUMNS)
    assert set(np.unique(grid)) == {0, 1}
    assert abs(grid.mean() - (image > 0).mean()) < 0.01
    assert (grid[:, -1] == 1).all() and (grid[:, 0] == 0).all()


def test_cells_hold_places_not_ids_and_other_ids_are_zero():
    image = np.zeros((ROWS, COLUMNS), np.int32)
    image[0, :4] = [9, 5, 3, 9]
    grid = sample_grid(image, [3, 9])
    assert grid[0, :5].tolist() == [2, 0, 1, 2, 0] and not grid[1:].any()


def test_ids_without_pixels_and_images_without_ids():
    assert not sample_grid(np.zeros((4, 4), np.int32), [1000]).any()
    assert not sample_grid(np.full((4, 4), 3, np.int32), []).any()
    first, second = split_grid(np.zeros((ROWS, COLUMNS), np.int32), 2)
    assert len(first.rows) == len(second.rows) == 0 and np.isnan(first.centre).all()
    assert split_grid(np.zeros((ROWS, COLUMNS), np.int32), 0) == []


def test_masks_are_the_cells_of_each_segment():
    grid = np.zeros((ROWS, COLUMNS), np.int32)
    grid[2, 3:6] = 2
    grid[7, 9] = 1
    first, second = split_grid(grid, 2)
    assert (first.rows.tolist(), first.columns.tolist()) == ([7], [9])
    assert (second.rows.tolist(), second.columns.tolist()) == ([2, 2, 2], [3, 4, 5])
    assert second.centre.tolist() == [2, 4]


@pytest.mark.parametrize("count", [1, 3, 300])
def test_masks_of_many_segments_are_those_of_one_at_a_time(count):
    grid = np.random.default_rng(count).integers(0, count + 1, (ROWS, COLUMNS), np.int32)
    for place, mask in enumerate(split_grid(grid, count), 1):
        rows, columns = np.nonzero(grid == place)
        assert np.array_equal(mask.rows, rows) and np.array_equal(mask.columns, columns)
        assert np.allclose(mask.centre, [rows.mean(), columns.mean()])


def bar_at(column):
    """4 cells in row 10."""
    return GridMask(np.full(4, 10), np.arange(column, column + 4), np.array([10, column + 1.5]))


def test_overlap_is_iou_after_the_shift():
    """A bar of 4 cells against bars of 4 and 2: 2 in common of 6, and 0 of 6; moved right by 2: 4 of 4."""
    grid = np.zeros((ROWS, COLUMNS), np.int32)
    grid[10, 12:16], grid[10, 30:32] = 1, 2
    bar = bar_at(10)
    areas = np.array([4, 2])
    assert overlaps([bar], np.array([[0, 0]]), grid, areas).tolist() == [[2 / 6, 0]]
    assert overlaps([bar, bar], np.array([[0, 2], [1, 0]]), grid, areas).tolist() == [[1, 0], [0, 0]]


def test_cells_that_leave_the_grid_cover_nothing_but_count():
    """4 cells, 2 of them out: 2 in common with a segment of 2, so 2 / 4. None comes in on the other side."""
    grid = np.zeros((ROWS, COLUMNS), np.int32)
    grid[10, :2], grid[10, -2:] = 1, 2
    bar = bar_at(0)
    assert overlaps([bar], np.array([[0, -2]]), grid, np.array([2, 2])).tolist() == [[0.5, 0]]
    assert overlaps([bar], np.array([[-11, 0]]), grid, np.array([2, 2])).tolist() == [[0, 0]]


def test_empty_masks_overlap_nothing():
    grid = np.zeros((ROWS, COLUMNS), np.int32)
    nothing = GridMask(np.zeros(0, int), np.zeros(0, int), np.full(2, np.nan))
    assert overlaps([nothing], np.array([[0, 0]]), grid, np.array([0])).tolist() == [[0]]
