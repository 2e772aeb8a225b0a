"""Name labels of the overlay: placement, and rendering with masks that are cached between frames."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..inference import Region
from .colours import Colour

_GROUND: Colour = (16, 18, 24)
_GROUND_OPACITY = 200  # of 255
_WHITE: Colour = (255, 255, 255)
_SMALLEST_FONT = 10  # pixels
_SEARCHED = 160  # pixels per side of the grid in which the thickest part of a segment is searched


class Name(NamedTuple):
    """A name and a score to write on a segment, given by `mask` (h, w), 0 or 1, within its box `region`."""

    text: str
    score: str
    colour: Colour
    score_colour: Colour
    mask: np.ndarray
    region: Region


class _Box(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int


class _Anchor(NamedTuple):
    x: float
    y: float
    thickness: float  # distance to the nearest edge of the segment in pixels


def write_names(picture: np.ndarray, names: Sequence[Name]) -> None:
    """Write the names into (H, W, 3) uint8 in the given order, avoiding earlier ones."""
    size = max(_SMALLEST_FONT, round(min(picture.shape[:2]) / 30))
    placed: list[_Box] = []
    for name in names:
        paint, keep = _plate(name.text, name.score, name.colour, name.score_colour, size)
        height, width = paint.shape[:2]
        anchor = _thickest_part(name.mask, name.region)
        box = _place(anchor, (width - 1, height - 1), picture.shape, placed)
        placed.append(box)
        here = picture[box.top : box.bottom + 1, box.left : box.right + 1]
        shown = slice(here.shape[0]), slice(here.shape[1])  # the image may be smaller than the plate
        here[:] = cv2.add(cv2.multiply(here, keep[shown], scale=1 / 255), paint[shown])


@functools.lru_cache(maxsize=256)
def _plate(
    text: str, score: str, colour: Colour, score_colour: Colour, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a plate: colours to add to an image, and the share of the image to keep, (h, w, 3) uint8 each."""
    score_size = max(_SMALLEST_FONT, round(size * 0.85))
    pad = max(2, size // 4)
    height = round(size + 1.2 * pad)
    left, right = _text_mask(text, size, height), _text_mask(score, score_size, height)
    width = left.width + right.width + round(3.5 * pad)
    on_black, on_white = (Image.new("RGB", (width + 1, height + 1), ground) for ground in ("black", "white"))
    for plate in (on_black, on_white):
        ground, frame = _plate_masks(width, height, pad)
        plate.paste(_GROUND, (0, 0), ground)
        plate.paste(colour, (0, 0), frame)
        plate.paste(_WHITE, (pad, 0), left)
        plate.paste(score_colour, (width - pad - right.width, 0), right)
    paint = np.array(on_black)
    return paint, np.array(on_white) - paint


@functools.lru_cache(maxsize=1024)
def _text_mask(text: str, size: int, height: int) -> Image.Image:
    """Draw a line of text as opacities, vertically centred in `height` pixels."""
    font = _font(size)
    mask = Image.new("L", (round(font.getlength(text)), height))
    ImageDraw.Draw(mask).text((0, height / 2), text, 255, font, "lm")
    return mask


_font = functools.cache(ImageFont.load_default)


@functools.lru_cache(maxsize=1024)
def _plate_masks(width: int, height: int, radius: int) -> tuple[Image.Image, Image.Image]:
    """Draw a rounded rectangle as opacities: background and outline."""
    masks = []
    for fill, outline in ((_GROUND_OPACITY, 0), (0, 255)):
        mask = Image.new("L", (width + 1, height + 1))
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, width, height), radius, fill, outline)
        masks.append(mask)
    return masks[0], masks[1]


def _thickest_part(mask: np.ndarray, region: Region) -> _Anchor:
    """Find the pixel farthest from the edges, on a coarser grid for large segments."""
    step = -(-max(mask.shape) // _SEARCHED)
    coarse = mask[step // 2 :: step, step // 2 :: step]
    if not cv2.countNonZero(coarse):  # all parts are thin and lie between grid points
        step, coarse = 1, mask
    framed = cv2.copyMakeBorder(coarse, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    distance = cv2.distanceTransform(framed, cv2.DIST_L2, 3)
    _, thickness, _, (x, y) = cv2.minMaxLoc(distance)
    return _Anchor(
        region.x + (x - 1) * step + step // 2, region.y + (y - 1) * step + step // 2, thickness * step
    )


def _place(
    anchor: _Anchor, size: tuple[int, int], picture_shape: Sequence[int], placed: Sequence[_Box]
) -> _Box:
    """Place a plate of (width, height) on the anchor, or next to it if that overlaps another one."""
    width, height = size
    limit_x, limit_y = max(0, picture_shape[1] - width - 1), max(0, picture_shape[0] - height - 1)
    rise = max(anchor.thickness, height / 2) + height / 2
    hidden: dict[_Box, int] = {}  # overlap with other plates in pixels
    for dx, dy in (
        (0, 0),
        (0, -rise),
        (0, rise),
        (-width / 2, 0),
        (width / 2, 0),
        (0, -2 * rise),
        (0, 2 * rise),
    ):
        left = round(min(max(anchor.x + dx - width / 2, 0), limit_x))
        top = round(min(max(anchor.y + dy - height / 2, 0), limit_y))
        box = _Box(left, top, left + width, top + height)
        hidden[box] = sum(_intersection(box, other) for other in placed)
        if not hidden[box]:
            break
    return min(hidden, key=hidden.__getitem__)


def _intersection(a: _Box, b: _Box) -> int:
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    return max(0, width) * max(0, height)
