"""A picture of labelled points in space, with boxes, titles and a grid on the ground."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from .colours import Colour
from .drawn_points import draw_points
from .space_titles import PlacedText, PlacedTitle, write_titles
from .viewpoint import Viewpoint

_BACKGROUND: Colour = (24, 27, 34)
_GRID: Colour = (58, 63, 74)
_METRE: Colour = (120, 128, 144)  # lines of whole metres and their numbers
_CAMERA: Colour = (245, 245, 245)
_SMOOTH = 2  # pixels drawn per pixel of the picture, along both axes
_FINENESS = 16  # parts of a pixel in which OpenCV places lines
_EDGES = [(a, b) for a, b in product(range(8), repeat=2) if a < b and (a ^ b) in (1, 2, 4)]


@dataclass(frozen=True)
class Ground:
    """The plane below the camera: its origin (3,) there, and unit vectors (3,) to the right, ahead and up."""

    origin: np.ndarray
    right: np.ndarray
    ahead: np.ndarray
    up: np.ndarray

    def at(self, right: float, ahead: float, up: float = 0.0) -> np.ndarray:
        """Return a point (3,), given in metres from the origin."""
        return self.origin + right * self.right + ahead * self.ahead + up * self.up


@dataclass(frozen=True)
class TitledBox:
    """A box by its corners (8, 3) in the order of eovseg_model.geometry.Box, with a title."""

    corners: np.ndarray
    title: str
    colour: Colour


def draw_space(
    points: np.ndarray,
    colours: np.ndarray,
    sizes: np.ndarray,
    *,
    boxes: Sequence[TitledBox],
    ground: Ground,
    view: Viewpoint,
    size: tuple[int, int],
) -> np.ndarray:
    """Draw points (N, 3), boxes, a grid of half metres and the camera, which is at the origin of the points.

    Args:
        colours, sizes: of the points, as for `draw_points`.
        size: width and height of the picture in pixels.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    width, height = size[0] * _SMOOTH, size[1] * _SMOOTH
    picture = np.full((height, width, 3), _BACKGROUND, np.uint8)
    _draw_grid(picture, ground, view)
    draw_points(picture, points, colours, sizes, view)
    _draw_camera(picture, ground, view)
    for box in boxes:
        for a, b in _EDGES:
            _draw_line(picture, box.corners[a], box.corners[b], (0, 0, 0), 3 * _SMOOTH, view)
    for box in boxes:
        for a, b in _EDGES:
            _draw_line(picture, box.corners[a], box.corners[b], box.colour, _SMOOTH, view)
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    texts = [PlacedText(f"{metres} m", ground.at(0.7 * metres + 0.1, metres)) for metres in range(1, 5)]
    titles = [PlacedTitle(box.title, box.corners, box.colour) for box in boxes]
    return write_titles(picture, [*texts, PlacedText("camera", 0.18 * ground.right)], titles, view)


def _draw_grid(picture: np.ndarray, ground: Ground, view: Viewpoint) -> None:
    for i in range(-6, 7):
        colour = _METRE if i % 2 == 0 else _GRID
        _draw_line(picture, ground.at(i / 2, 0), ground.at(i / 2, 5), colour, _SMOOTH, view)
    for i in range(11):
        colour = _METRE if i % 2 == 0 else _GRID
        _draw_line(picture, ground.at(-3, i / 2), ground.at(3, i / 2), colour, _SMOOTH, view)


def _draw_camera(picture: np.ndarray, ground: Ground, view: Viewpoint) -> None:
    """Draw a small pyramid that opens along the optical axis, and a line down to the ground."""
    corners = [
        np.array([x, y, 0.22]) for x, y in ((-0.14, -0.105), (0.14, -0.105), (0.14, 0.105), (-0.14, 0.105))
    ]
    for i, corner in enumerate(corners):
        _draw_line(picture, np.zeros(3), corner, _CAMERA, _SMOOTH, view)
        _draw_line(picture, corner, corners[i - 1], _CAMERA, _SMOOTH, view)
    _draw_line(picture, np.zeros(3), ground.origin, _METRE, _SMOOTH, view)


def _draw_line(
    picture: np.ndarray, start: np.ndarray, end: np.ndarray, colour: Colour, width: int, view: Viewpoint
) -> None:
    if (ends := view.project_line(start, end, picture.shape[1::-1])) is None:
        return
    limit = 8 * max(picture.shape)
    first, last = (tuple(np.round(end.clip(-limit, limit) * _FINENESS).astype(int).tolist()) for end in ends)
    cv2.line(picture, first, last, colour, width, cv2.LINE_AA, shift=4)
