"""Masks on a coarse grid, the same for all image sizes, and how much they overlap."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

ROWS, COLUMNS = 120, 160  # of the grid


class GridMask(NamedTuple):
    """Cells of a mask: rows and columns (P,) of the grid, and their mean (2,), NaN without a cell."""

    rows: np.ndarray
    columns: np.ndarray
    centre: np.ndarray


def sample_grid(label_image: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    """Look at an image of segment ids (H, W) in the middle of every cell of the grid.

    Returns (ROWS, COLUMNS) int32, the place in `ids` plus 1, and 0 for other ids.
    """
    height, width = label_image.shape
    rows = ((np.arange(ROWS) + 0.5) * height / ROWS).astype(int)
    columns = ((np.arange(COLUMNS) + 0.5) * width / COLUMNS).astype(int)
    seen = label_image[rows].take(columns, axis=1)
    places = np.zeros(max(int(seen.max(initial=0)), *ids, 0) + 1, np.int32)
    places[list(ids)] = np.arange(1, len(ids) + 1)
    return places[seen]


def split_grid(grid: np.ndarray, count: int) -> list[GridMask]:
    """Return the cells of every segment of a grid from `sample_grid` with `count` ids."""
    cells = np.flatnonzero(grid)
    places = grid.ravel()[cells]
    order = np.argsort(places.astype(np.uint16), kind="stable")  # a radix sort
    cells, places = cells[order], places[order]
    sizes = np.bincount(places, minlength=count + 1)[1:]
    rows, columns = np.divmod(cells, COLUMNS)
    with np.errstate(invalid="ignore"):
        centres = [np.bincount(places, part, count + 1)[1:] / sizes for part in (rows, columns)]
    ends = np.cumsum(sizes)
    return [
        GridMask(rows[end - size : end], columns[end - size : end], centre)
        for end, size, centre in zip(ends, sizes, np.stack(centres, 1), strict=True)
    ]


def overlaps(
    masks: Sequence[GridMask], shifts: np.ndarray, grid: np.ndarray, areas: np.ndarray
) -> np.ndarray:
    """Return the IoU of each earlier mask, shifted by (T, 2) rows and columns, and each segment: (T, S).

    areas (S,) counts the cells of the grid's segments. A cell that is shifted out of the grid covers none.
    """
    sizes = np.array([len(mask.rows) for mask in masks])
    track = np.repeat(np.arange(len(masks)), sizes)
    rows = np.concatenate([mask.rows for mask in masks]) + shifts[track, 0]
    columns = np.concatenate([mask.columns for mask in masks]) + shifts[track, 1]
    inside = (rows >= 0) & (rows < ROWS) & (columns >= 0) & (columns < COLUMNS)
    hit = grid[rows[inside], columns[inside]]
    width = len(areas) + 1
    counts = np.bincount(track[inside] * width + hit, minlength=len(masks) * width)
    common = counts.reshape(len(masks), width)[:, 1:]
    return common / np.maximum(sizes[:, None] + areas - common, 1)
