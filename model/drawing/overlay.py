"""Overlay image: coloured segments with outlines and names."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from ..inference import LabelledSegment, Region, measure_regions
from .colours import Colour, name_colour, track_colour
from .names import Name, write_names

_STUFF_FILL = 0.6  # opacity of stuff relative to things
_SMALLEST_NAMED = 12  # pixels; smaller segments are coloured but not named
_BAND = 64  # rows coloured at once, so that intermediate results fit into the cache


def draw_overlay(
    rgb: np.ndarray,
    panoptic: np.ndarray,
    segments: Sequence[LabelledSegment],
    *,
    opacity: float,
    regions: Mapping[int, Region] | None = None,
) -> np.ndarray:
    """Colour, outline and name the segments. Things that are tracked have the number of their track.

    Args:
        rgb: (H, W, 3) uint8.
        panoptic: (H, W) integers, pixel = segment id, 0 = void (unchanged).
        opacity: opacity of the colours, 0 (outlines and names only) to 1.
        regions: result of `measure_regions` for `panoptic`, if already computed.

    Returns:
        A new (H, W, 3) uint8 RGB image.

    Example:
        >>> from eovseg_model.inference import Segment
        >>> image, panoptic = np.zeros((60, 80, 3), np.uint8), np.zeros((60, 80), np.int32)
        >>> panoptic[10:50, 5:45] = 1
        >>> mug = Segment(id=1, class_id=0, label="mug", is_thing=True, score=0.9, area=1600)
        >>> overlay = draw_overlay(image, panoptic, [mug], opacity=0.5)
        >>> overlay[45, 30].tolist(), overlay[0, 79].tolist()  # in the segment, and in void
        ([128, 28, 46], [0, 0, 0])
    """
    colours = segment_colours(segments)
    picture = _fill(rgb, panoptic, segments, colours, opacity)
    regions = measure_regions(panoptic) if regions is None else regions
    visible = [segment for segment in segments if segment.id in regions]
    masks = {segment.id: _mask(panoptic, segment.id, regions[segment.id]) for segment in visible}
    _outline(picture, visible, masks, regions, colours)
    names = [_name(segment, colours[segment.id], masks, regions) for segment in _named(visible, regions)]
    write_names(picture, names)
    return picture


def segment_title(segment: LabelledSegment) -> str:
    """Return the name of a segment, for a tracked thing with the number of its track: "mug #3"."""
    return f"{segment.label} #{segment.track_id}" if segment.is_thing and segment.track_id else segment.label


def segment_colours(segments: Sequence[LabelledSegment]) -> dict[int, Colour]:
    """Choose an RGB colour by segment id: a tracked thing has its track's, all others that of their name.

    Further instances of a name without a track are slightly darker.
    """
    colours: dict[int, Colour] = {}
    instances: dict[int, int] = {}
    for segment in sorted(segments, key=lambda s: s.id):
        if segment.is_thing and segment.track_id:
            colours[segment.id] = track_colour(segment.track_id)
            continue
        instance = instances[segment.class_id] = instances.get(segment.class_id, -1) + 1
        colour = name_colour(segment.label, is_thing=segment.is_thing)
        colours[segment.id] = _shaded(colour, -0.12 * (instance % 3))
    return colours


def _fill(
    rgb: np.ndarray,
    panoptic: np.ndarray,
    segments: Sequence[LabelledSegment],
    colours: dict[int, Colour],
    opacity: float,
) -> np.ndarray:
    """Blend with two tables by id: the colour to add, and the share of the image to keep."""
    size = int(panoptic.max(initial=0)) + 1
    paint = np.zeros((size, 4), np.uint8)  # RGB and a padding byte, so that an entry is a uint32
    keep = np.full((size, 4), 255, np.uint8)
    for segment in segments:
        if segment.id < size:
            alpha = opacity if segment.is_thing else opacity * _STUFF_FILL
            paint[segment.id, :3] = np.round(np.multiply(colours[segment.id], alpha))
            keep[segment.id] = round(255 * (1 - alpha))
    picture = np.empty_like(rgb, order="C")
    for top in range(0, len(rgb), _BAND):
        ids, band = panoptic[top : top + _BAND], picture[top : top + _BAND]
        cv2.multiply(rgb[top : top + _BAND], _look_up(keep, ids), band, scale=1 / 255)
        cv2.add(band, _look_up(paint, ids), band)
    return picture


def _look_up(table: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Look up a table (ids, 4) uint8 for a map of ids (H, W): (H, W, 3)."""
    entries = table.view(np.uint32)[:, 0].take(ids)
    return cv2.cvtColor(entries.view(np.uint8).reshape(*ids.shape, 4), cv2.COLOR_RGBA2RGB)


def _outline(
    picture: np.ndarray,
    segments: Sequence[LabelledSegment],
    masks: Mapping[int, np.ndarray],
    regions: Mapping[int, Region],
    colours: Mapping[int, Colour],
) -> None:
    """Draw smooth outlines, stuff first so that outlines of things are on top."""
    width = max(1, round(min(picture.shape[:2]) / 360))
    for segment in sorted(segments, key=lambda s: s.is_thing):
        corner = regions[segment.id].x, regions[segment.id].y
        contours, _ = cv2.findContours(
            masks[segment.id], cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE, offset=corner
        )
        smooth = [cv2.approxPolyDP(contour, 0.4 * width, True) for contour in contours]
        cv2.drawContours(picture, smooth, -1, _shaded(colours[segment.id], 0.4), width, cv2.LINE_AA)


def _mask(panoptic: np.ndarray, segment_id: int, region: Region) -> np.ndarray:
    """Crop the segment's box: (h, w) uint8, 1 in the segment."""
    box = panoptic[region.y : region.y + region.height, region.x : region.x + region.width]
    return (box == segment_id).view(np.uint8)


def _shaded(colour: tuple[int, ...], tone: float) -> Colour:
    """Mix with white (tone up to 1) or black (down to -1)."""
    target = 255 if tone > 0 else 0
    red, green, blue = (round(c + (target - c) * abs(tone)) for c in colour)
    return red, green, blue


def _named(segments: Sequence[LabelledSegment], regions: Mapping[int, Region]) -> list[LabelledSegment]:
    """Sort things before stuff and large before small, because earlier names get the best place."""
    large_enough = [s for s in segments if regions[s.id].area >= _SMALLEST_NAMED]
    return sorted(large_enough, key=lambda s: (not s.is_thing, -regions[s.id].area))


def _name(
    segment: LabelledSegment,
    colour: Colour,
    masks: Mapping[int, np.ndarray],
    regions: Mapping[int, Region],
) -> Name:
    score = f"{segment.score:.0%}"
    return Name(
        segment_title(segment), score, colour, _shaded(colour, 0.5), masks[segment.id], regions[segment.id]
    )
