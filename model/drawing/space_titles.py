"""Titles of objects in a picture of space."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .colours import Colour
from .viewpoint import Viewpoint

_GROUND: Colour = (16, 18, 24)
_WHITE: Colour = (255, 255, 255)
_PALE: Colour = (205, 210, 220)
_SMALLEST_FONT = 11  # pixels
_STEPS = 12  # half plates up and down, in which a free place is searched


class PlacedText(NamedTuple):
    """Words at a point (3,)."""

    text: str
    point: np.ndarray


class PlacedTitle(NamedTuple):
    """A title above the corners (8, 3) of a box, in a frame of its colour."""

    text: str
    corners: np.ndarray
    colour: Colour


class _Plate(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Plate") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def write_titles(
    picture: np.ndarray, texts: Sequence[PlacedText], titles: Sequence[PlacedTitle], view: Viewpoint
) -> np.ndarray:
    """Return a picture (H, W, 3) uint8 with texts, and with titles that do not overlap each other."""
    canvas = Image.fromarray(picture)
    draw, size = ImageDraw.Draw(canvas), canvas.size
    height = max(_SMALLEST_FONT, round(size[1] / 32))
    for text in texts:
        x, y, _ = view.project(text.point[None], size)[0]
        if 0 < x < size[0] and 0 < y < size[1]:
            draw.text((x + 5, y), text.text, _PALE, _font(height), "lm", stroke_width=2, stroke_fill=_GROUND)
    placed: list[_Plate] = []
    for title in sorted(titles, key=lambda title: _distance(title, view)):
        seen = view.project(title.corners, size)
        if np.isnan(seen).any():
            continue
        place = _place(draw.textlength(title.text, _font(height)), height, seen, size, placed)
        placed.append(place)
        draw.rounded_rectangle(place, height / 3, _GROUND, title.colour)
        middle = (place.left + place.right) / 2, (place.top + place.bottom) / 2
        draw.text(middle, title.text, _WHITE, _font(height), "mm")
    return np.array(canvas)


def _distance(title: PlacedTitle, view: Viewpoint) -> float:
    return float(np.linalg.norm(title.corners.mean(axis=0) - view.eye))


def _place(
    length: float, height: float, corners: np.ndarray, size: tuple[int, int], placed: Sequence[_Plate]
) -> _Plate:
    """Place a title above the corners (8, 3) in pixels, or higher or lower if another one is there."""
    width, tall = length + height, 1.5 * height
    left = min(max(float(corners[:, 0].mean()) - width / 2, 1), max(1, size[0] - width - 2))
    top = min(max(float(corners[:, 1].min()) - tall - 3, 1), size[1] - tall - 2)
    step = tall / 2 + 1
    for steps in (0, *range(-1, -_STEPS, -1), *range(1, _STEPS)):
        moved = top + steps * step
        plate = _Plate(left, moved, left + width, moved + tall)
        inside = 0 < moved < size[1] - tall - 1
        if inside and not any(plate.meets(other) for other in placed):
            return plate
    return _Plate(left, top, left + width, top + tall)


_font = cache(ImageFont.load_default)
