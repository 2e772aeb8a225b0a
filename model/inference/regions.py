"""Area, bounding box and centroid of every segment of a label image, from its runs."""

from typing import NamedTuple

import numpy as np

VOID_ID = 0  # id of pixels without a segment, in all label images and id maps


class Region(NamedTuple):
    """Area, bounding box and centroid in pixels; x is right, y is down, pixel centres are integers."""

    area: int
    x: int
    y: int
    width: int
    height: int
    centroid_x: float
    centroid_y: float


def measure_regions(label_image: np.ndarray) -> dict[int, Region]:
    """Measure every non-zero id of a label image.

    Args:
        label_image: (H, W) integers >= 0, 0 = void.

    Returns:
        A Region for each id with pixels, in ascending order of ids.

    Example:
        >>> measure_regions(np.array([[0, 7, 7, 7]]))
        {7: Region(area=3, x=1, y=0, width=3, height=1, centroid_x=2.0, centroid_y=0.0)}
    """
    height, width = label_image.shape
    if label_image.size == 0:
        return {}
    ids, y, first, length = _runs(label_image)
    last = first + length - 1
    count = int(ids.max()) + 1

    area = np.bincount(ids, length, count)
    sum_x = np.bincount(ids, length * (first + last) / 2, count)
    sum_y = np.bincount(ids, length * y, count)
    left, top = np.full(count, width), np.full(count, height)
    right, bottom = np.zeros(count, int), np.zeros(count, int)
    np.minimum.at(left, ids, first)
    np.maximum.at(right, ids, last)
    np.minimum.at(top, ids, y)
    np.maximum.at(bottom, ids, y)

    present = np.flatnonzero(area[1:]) + 1
    return {
        int(i): Region(
            area=int(area[i]),
            x=int(left[i]),
            y=int(top[i]),
            width=int(right[i] - left[i] + 1),
            height=int(bottom[i] - top[i] + 1),
            centroid_x=float(sum_x[i] / area[i]),
            centroid_y=float(sum_y[i] / area[i]),
        )
        for i in present
    }


def _runs(label_image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Split the rows into runs of one id: (ids, row, first column, length), each (R,)."""
    width = label_image.shape[1]
    flat = np.ascontiguousarray(label_image).reshape(-1)
    changes = np.empty(flat.size, bool)
    np.not_equal(flat[1:], flat[:-1], out=changes[1:])
    changes[::width] = True
    start = np.flatnonzero(changes)
    length = np.diff(start, append=flat.size)
    y, first = np.divmod(start, width)
    return flat[start].astype(np.intp), y, first, length
