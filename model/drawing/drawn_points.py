"""Points in space as squares that hide those behind them."""

from functools import lru_cache

import numpy as np

from .viewpoint import Viewpoint

_LARGEST = 15  # pixels


def draw_points(
    picture: np.ndarray, points: np.ndarray, colours: np.ndarray, sizes: np.ndarray, view: Viewpoint
) -> None:
    """Draw points (N, 3) into a picture (H, W, 3) uint8, the nearest on top.

    Args:
        colours: (N, 3) uint8.
        sizes: (N,) side lengths of the squares in metres; each is drawn with 1 to 15 pixels.

    Example:
        >>> view = Viewpoint(np.zeros(3), target=np.array([0.0, 0.0, 1.0]), up=np.array([0.0, -1.0, 0.0]))
        >>> picture = np.zeros((3, 3, 3), np.uint8)
        >>> near_and_far = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]])
        >>> draw_points(picture, near_and_far, np.array([[9, 9, 9], [5, 5, 5]], np.uint8), np.zeros(2), view)
        >>> picture[:, :, 0].tolist()
        [[0, 0, 0], [0, 9, 0], [0, 0, 0]]
    """
    height, width = picture.shape[:2]
    seen = view.project(points, (width, height))
    order = np.argsort(-seen[:, 2], kind="stable")
    x, y, depth = seen[order].T
    side = (sizes[order] * view.focal_length(height) / np.maximum(depth, 1e-9)).round().clip(1, _LARGEST)
    left, top = np.ceil(x - side / 2), np.ceil(y - side / 2)
    inside = (left > -_LARGEST) & (left < width) & (top > -_LARGEST) & (top < height)  # False for NaN
    left, top, side = (values[inside].astype(np.int32) for values in (left, top, side))
    colour = np.zeros((len(side), 4), np.uint8)
    colour[:, :3] = colours[order][inside]

    framed = np.pad(picture, ((_LARGEST, _LARGEST), (_LARGEST, _LARGEST), (0, 1)))
    pixels = framed.view(np.uint32)[:, :, 0]
    offsets, first = _squares(pixels.shape[1])
    corner, area = (top + _LARGEST) * pixels.shape[1] + left + _LARGEST, side * side
    which = np.repeat(first[side] - (np.cumsum(area, dtype=np.int32) - area), area)
    which += np.arange(len(which), dtype=np.int32)
    # From the farthest point to the nearest: of equal indices, NumPy keeps the last value.
    pixels.reshape(-1)[np.repeat(corner, area) + offsets.take(which)] = np.repeat(
        colour.view(np.uint32), area
    )
    picture[:] = framed[_LARGEST:-_LARGEST, _LARGEST:-_LARGEST, :3]


@lru_cache(maxsize=4)
def _squares(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the pixels of squares in an image of this width, and where each side's begin."""
    squares = [(np.arange(side)[:, None] * width + np.arange(side)).ravel() for side in range(_LARGEST + 1)]
    first = np.cumsum([0, *map(len, squares)])
    return np.concatenate(squares).astype(np.int32), first.astype(np.int32)
