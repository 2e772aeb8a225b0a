"""Two views of a labelled cloud."""

from collections.abc import Sequence

import numpy as np

from eovseg_model.drawing import (
    Ground,
    TitledBox,
    Viewpoint,
    draw_space,
    segment_colours,
    segment_title,
)
from eovseg_model.geometry import upright_box
from eovseg_model.inference import LabelledSegment
from eovseg_ros.demo.space.ground import find_ground

_SIZE = (960, 620)  # of each view, pixels
_THING, _STUFF = 0.55, 0.3  # opacity of the segments' colours
_FEWEST = 20  # points of a thing with a box
_ABOVE = 25.0  # degrees, the field of view from above
_PIXEL = 1 / 240  # radians, about, between neighbouring points of the camera's image
_OVERLAP = 1.5  # of neighbouring points


def draw_views(
    points: np.ndarray, rgb: np.ndarray, ids: np.ndarray, segments: Sequence[LabelledSegment]
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points (N, 3) of a camera from beside it and from above, (620, 960, 3) uint8 RGB each.

    Boxes stand upright on the floor, which is the segment of this name.

    Args:
        points: metres in the camera's frame.
        rgb: (N, 3) uint8.
        ids: (N,) ids of segments, 0 = void.
    """
    points = points.astype(np.float64)
    floors = [segment.id for segment in segments if segment.label == "floor"]
    ground = find_ground(points[np.isin(ids, floors)])
    colours = segment_colours(segments)
    boxes = []
    for segment in segments:
        inside = points[ids == segment.id]
        if segment.is_thing and len(inside) >= _FEWEST:
            box = upright_box(inside, ground.up)
            boxes.append(TitledBox(box.corners(), segment_title(segment), colours[segment.id]))
    centres = np.array([box.corners.mean(axis=0) for box in boxes] or [points.mean(axis=0)])
    painted = _painted(rgb, ids, segments)
    sizes = points[:, 2] * _PIXEL * _OVERLAP
    flat = ~np.isin(ids, [segment.id for segment in segments if segment.is_thing])
    sizes[flat] *= (1.3 * points[flat, 2]).clip(1)  # rows of level ground are farther apart
    beside, above = (
        draw_space(points, painted, sizes, boxes=boxes, ground=ground, view=view, size=_SIZE)
        for view in _views(ground, centres)
    )
    return beside, above


def _views(ground: Ground, centres: np.ndarray) -> tuple[Viewpoint, Viewpoint]:
    """Return a view from beside the camera and one from above, of objects at centres (N, 3)."""
    ahead = (centres - ground.origin) @ ground.ahead
    distance, height = max(float(np.median(ahead)), 1.5), float(-ground.origin @ ground.up)
    eye = ground.at(0.85 * distance, -0.3 * distance, height + 0.3 * distance)
    beside = Viewpoint(eye=eye, target=ground.at(0.05, 0.75 * distance, 0.3), up=ground.up, field_of_view=46)
    first, last = -0.3, max(float(ahead.max()) + 0.5, 2.0)  # metres ahead of the camera, seen from above
    middle = ground.at(0, (first + last) / 2)
    away = (last - first) / 2 / np.tan(np.radians(_ABOVE / 2))
    above = Viewpoint(eye=middle + away * ground.up, target=middle, up=ground.ahead, field_of_view=_ABOVE)
    return beside, above


def _painted(rgb: np.ndarray, ids: np.ndarray, segments: Sequence[LabelledSegment]) -> np.ndarray:
    """Return the colours of points blended with those of their segments."""
    colour = np.zeros((int(ids.max(initial=0)) + 1, 3))
    opacity = np.zeros((len(colour), 1))
    for segment in segments:
        if segment.id < len(colour):
            colour[segment.id] = segment_colours(segments)[segment.id]
            opacity[segment.id] = _THING if segment.is_thing else _STUFF
    return (rgb * (1 - opacity[ids]) + (colour * opacity)[ids]).round().astype(np.uint8)
