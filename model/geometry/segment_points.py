"""Points of the segments of a label image."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from .camera_model import CameraModel, same_aspect
from .depth import depth_in_metres
from .errors import GeometryError

POINTS = 1024  # about, of a segment: larger ones are sampled on a coarser grid
COLUMN_BITS, ALWAYS_SET = 0x7F, 0x80


class SegmentPoints(NamedTuple):
    """Points (3, N) of a segment in metres, and their pixels (N,) as indices of the flattened image.

    interior (N,) is False at pixels beside another segment.
    """

    id: int
    points: np.ndarray
    pixels: np.ndarray
    interior: np.ndarray


class SegmentedDepth:
    """Labels and depth on the coarser grid of both; see `measure_geometry` for the arguments and errors."""

    def __init__(self, label_image: np.ndarray, depth: np.ndarray, camera: CameraModel) -> None:
        if label_image.dtype != np.uint16:
            if label_image.size and not (0 <= label_image.min() and label_image.max() <= 65535):
                raise GeometryError("ids of the label image must be 0 to 65535")
            label_image = label_image.astype(np.uint16)
        size = (label_image.shape[1], label_image.shape[0])
        depth_size = (depth.shape[1], depth.shape[0])
        if not same_aspect(size, depth_size):
            raise GeometryError(
                f"depth has {depth_size[0]}x{depth_size[1]} pixels, the image {size[0]}x{size[1]}, another "
                "aspect; register the depth to the colour image"
            )
        size = min(size, depth_size)
        self._labels = np.ascontiguousarray(_resized(label_image, size))
        self._depth = _resized(depth, size)
        self._rays = camera.scaled(*size).rays.reshape(-1, 2)

    def segments(self) -> Iterator[SegmentPoints]:
        """Yield the points with valid depth of each segment that has any, by ascending id."""
        labels = self._labels.ravel()
        steps = _steps(_areas(self._labels))
        pixels = np.flatnonzero((_grid(*self._labels.shape).ravel() & steps.take(labels)) == 0)
        pixels = pixels.take(np.argsort(labels.take(pixels), kind="stable"))
        z = depth_in_metres(self._depth.ravel().take(pixels))
        x, y = (self._rays.take(pixels, axis=0) * z[:, None]).T
        valid = np.flatnonzero(~np.isnan(x))
        points, pixels = np.stack([x, y, z]).take(valid, axis=1), pixels.take(valid)
        ids, interior = labels.take(pixels), _interior(self._labels).ravel().take(pixels)

        starts = np.flatnonzero(np.diff(ids, prepend=np.uint16(0))).tolist()  # ids ascend from 1
        for start, end in pairwise([*starts, len(ids)]):
            part = slice(start, end)
            yield SegmentPoints(int(ids[start]), points[:, part], pixels[part], interior[part])

    def depth_around(self, pixel: int) -> np.ndarray:
        """Return the depth in metres of a pixel's neighbours in its segment and itself, (N,) with NaN."""
        row, column = divmod(pixel, self._labels.shape[1])
        square = np.s_[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        same = self._labels[square] == self._labels[row, column]
        return depth_in_metres(self._depth[square][same])


def _resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the pixels of an image (H, W) that are nearest to those of another size (width, height)."""
    height, width = image.shape
    if (width, height) == size:
        return image
    columns = ((np.arange(size[0]) + 0.5) * width / size[0]).astype(int)
    rows = ((np.arange(size[1]) + 0.5) * height / size[1]).astype(int)
    return image[rows[:, None], columns]


def _areas(labels: np.ndarray) -> np.ndarray:
    """Return the number of pixels of each id, as `np.bincount`, in half the time."""
    ids = int(labels.max(initial=0)) + 1
    return cv2.calcHist([labels], [0], None, [ids], [0, ids]).ravel()


def _steps(areas: np.ndarray) -> np.ndarray:
    """Return which bits of `_grid` must be 0 for a pixel to be chosen, (ids,) uint16, by the areas in pixels.

    The distance of columns and that of rows are powers of 2. Rows are nearer, because in images of level
    ground they are farther apart.
    """
    halvings = np.rint(np.log2(np.maximum(areas, 1) / POINTS)).clip(0, 15).astype(np.uint16)
    columns, rows = (
        np.left_shift(np.uint16(1), n) - np.uint16(1) for n in ((halvings + 1) // 2, halvings // 2)
    )
    steps = columns.clip(max=COLUMN_BITS) | np.left_shift(rows, 8)
    steps[0] = ALWAYS_SET  # void
    return steps


@lru_cache(maxsize=4)
def _grid(height: int, width: int) -> np.ndarray:
    """Return for each pixel the low bits of its column, a bit that is always set, and those of its row."""
    columns, rows = np.arange(width) & COLUMN_BITS, np.arange(height) << 8 & 0xFF00
    return (columns | ALWAYS_SET | rows[:, None]).astype(np.uint16)


def _interior(labels: np.ndarray) -> np.ndarray:
    """Return which pixels (H, W) have no neighbour of another segment."""
    square = np.ones((3, 3), np.uint8)
    return cv2.dilate(labels, square) == cv2.erode(labels, square)
