"""The picture for people: segments in colour over the image, outlined and named."""

import functools
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .regions import Region, measure_regions

# RGB, neighbours far apart; a class takes its colour by its index.
_THING_COLOURS = (
    "ff4040 2f80ff ffc81e a64dff 2ecc50 ff78be 1ed2f0 ff8a1f 6e5fff b4e628 eb3cdc 00bea0 c87846 8cffbe"
).split()
_STUFF_COLOURS = "789678 968cbe bea06e 6496b4 b47882 8caaaa".split()
_STUFF_FILL = 0.6  # stuff is painted this much thinner than things
_SMALLEST_NAMED = 12  # pixels; a smaller segment is coloured but not named
_SMALLEST_FONT = 10  # pixels


class LabelledSegment(Protocol):
    """A segment as the model and the node both describe it."""

    @property
    def id(self) -> int:
        """Pixel value in the panoptic image, 1 or more."""
        ...

    @property
    def class_id(self) -> int:
        """Index into the vocabulary."""
        ...

    @property
    def label(self) -> str:
        """First name of the class."""
        ...

    @property
    def is_thing(self) -> bool:
        """Thing or stuff."""
        ...

    @property
    def score(self) -> float:
        """Class probability, 0 to 1."""
        ...


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


def draw_overlay(
    rgb: np.ndarray, panoptic: np.ndarray, segments: Sequence[LabelledSegment], *, opacity: float
) -> np.ndarray:
    """Paint, outline and name the segments.

    Args:
        rgb: (H, W, 3) uint8.
        panoptic: (H, W) integers, pixel = segment id, 0 = void (left as it is).
        opacity: of the colours, 0 (outlines and names only) to 1.

    Returns:
        A new (H, W, 3) uint8 RGB picture.
    """
    colours = segment_colours(segments)
    picture = _fill(rgb, panoptic, segments, colours, opacity)
    regions = measure_regions(panoptic)
    visible = [segment for segment in segments if segment.id in regions]
    _outline(picture, panoptic, visible, regions, colours)
    return _name(picture, panoptic, visible, regions, colours)


def segment_colours(segments: Sequence[LabelledSegment]) -> dict[int, tuple[int, int, int]]:
    """Choose an RGB colour by segment id: its class's, a little darker for further instances of one class."""
    colours: dict[int, tuple[int, int, int]] = {}
    instances: dict[int, int] = {}
    for segment in sorted(segments, key=lambda s: s.id):
        instance = instances[segment.class_id] = instances.get(segment.class_id, -1) + 1
        palette = _THING_COLOURS if segment.is_thing else _STUFF_COLOURS
        tone = (0.0, 0.35, -0.2)[segment.class_id // len(palette) % 3] - 0.12 * (instance % 3)
        colours[segment.id] = _shaded(tuple(bytes.fromhex(palette[segment.class_id % len(palette)])), tone)
    return colours


def _fill(
    rgb: np.ndarray,
    panoptic: np.ndarray,
    segments: Sequence[LabelledSegment],
    colours: dict[int, tuple[int, int, int]],
    opacity: float,
) -> np.ndarray:
    """Blend by two tables over ids: what is added, and how much of the image stays."""
    size = int(panoptic.max(initial=0)) + 1
    paint = np.zeros((size, 4), np.uint8)  # RGB and a byte that makes an entry one number
    keep = np.full((size, 4), 255, np.uint8)
    for segment in segments:
        if segment.id < size:
            alpha = opacity if segment.is_thing else opacity * _STUFF_FILL
            paint[segment.id, :3] = np.round(np.multiply(colours[segment.id], alpha))
            keep[segment.id] = round(255 * (1 - alpha))
    return cv2.add(cv2.multiply(rgb, _look_up(keep, panoptic), scale=1 / 255), _look_up(paint, panoptic))


def _look_up(table: np.ndarray, panoptic: np.ndarray) -> np.ndarray:
    """Colours (ids, 4) uint8 of a map of ids: (H, W, 3)."""
    entries = table.view(np.uint32)[:, 0].take(panoptic)
    return cv2.cvtColor(entries.view(np.uint8).reshape(*panoptic.shape, 4), cv2.COLOR_RGBA2RGB)


def _outline(
    picture: np.ndarray,
    panoptic: np.ndarray,
    segments: Sequence[LabelledSegment],
    regions: dict[int, Region],
    colours: dict[int, tuple[int, int, int]],
) -> None:
    """Draw smooth outlines, stuff first so that those of the things lie on top."""
    width = max(1, round(min(picture.shape[:2]) / 360))
    for segment in sorted(segments, key=lambda s: s.is_thing):
        region = regions[segment.id]
        mask = _mask(panoptic, segment.id, region)
        contours, _ = cv2.findContours(
            mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE, offset=(region.x, region.y)
        )
        cv2.drawContours(picture, contours, -1, _shaded(colours[segment.id], 0.4), width, cv2.LINE_AA)


def _mask(panoptic: np.ndarray, segment_id: int, region: Region) -> np.ndarray:
    """Cut the segment's box out: (h, w) uint8, 1 in the segment."""
    box = panoptic[region.y : region.y + region.height, region.x : region.x + region.width]
    return (box == segment_id).view(np.uint8)


def _shaded(colour: tuple[int, ...], tone: float) -> tuple[int, int, int]:
    """Mix with white (tone up to 1) or black (down to -1)."""
    target = 255 if tone > 0 else 0
    red, green, blue = (round(c + (target - c) * abs(tone)) for c in colour)
    return red, green, blue


def _name(
    picture: np.ndarray,
    panoptic: np.ndarray,
    segments: Sequence[LabelledSegment],
    regions: dict[int, Region],
    colours: dict[int, tuple[int, int, int]],
) -> np.ndarray:
    """Write the names, things before stuff and large before small, each where it hides no other."""
    size = max(_SMALLEST_FONT, round(min(picture.shape[:2]) / 30))
    name_font, score_font = _font(size), _font(max(_SMALLEST_FONT, round(size * 0.85)))
    canvas = Image.fromarray(picture)
    draw = ImageDraw.Draw(canvas, "RGBA")
    placed: list[_Box] = []
    named = [s for s in segments if regions[s.id].area >= _SMALLEST_NAMED]
    for segment in sorted(named, key=lambda s: (not s.is_thing, -regions[s.id].area)):
        score = f"{segment.score:.0%}"
        pad = max(2, size // 4)
        name_width = draw.textlength(segment.label, name_font)
        label_width = name_width + draw.textlength(score, score_font) + 3.5 * pad
        anchor = _thickest_part(_mask(panoptic, segment.id, regions[segment.id]), regions[segment.id])
        box = _place(anchor, (label_width, size + 1.2 * pad), canvas.size, placed)
        placed.append(box)
        colour = colours[segment.id]
        draw.rounded_rectangle(box, radius=pad, fill=(16, 18, 24, 200), outline=colour)
        middle = (box.top + box.bottom) / 2
        draw.text((box.left + pad, middle), segment.label, (255, 255, 255), name_font, "lm")
        draw.text((box.right - pad, middle), score, _shaded(colour, 0.5), score_font, "rm")
    return np.array(canvas)


_font = functools.cache(ImageFont.load_default)


class _Anchor(NamedTuple):
    x: float
    y: float
    thickness: float  # pixels from there to the nearest edge of the segment


def _thickest_part(mask: np.ndarray, region: Region) -> _Anchor:
    distance = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)
    _, thickness, _, (x, y) = cv2.minMaxLoc(distance)
    return _Anchor(region.x + x - 1, region.y + y - 1, thickness)


def _place(
    anchor: _Anchor, size: tuple[float, float], picture_size: tuple[int, int], placed: Sequence[_Box]
) -> _Box:
    """Put a label of (width, height) on the anchor, or next to it where another name is already."""
    width, height = size
    limit_x, limit_y = max(0, picture_size[0] - width - 1), max(0, picture_size[1] - height - 1)
    rise = max(anchor.thickness, height / 2) + height / 2
    boxes = []
    for dx, dy in (
        (0, 0),
        (0, -rise),
        (0, rise),
        (-width / 2, 0),
        (width / 2, 0),
        (0, -2 * rise),
        (0, 2 * rise),
    ):
        left = min(max(anchor.x + dx - width / 2, 0), limit_x)
        top = min(max(anchor.y + dy - height / 2, 0), limit_y)
        boxes.append(_Box(left, top, left + width, top + height))
    return min(boxes, key=lambda box: sum(_intersection(box, other) for other in placed))


def _intersection(a: _Box, b: _Box) -> float:
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    return max(0.0, width) * max(0.0, height)
