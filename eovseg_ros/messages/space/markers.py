"""Boxes and names of things for RViz."""

from collections.abc import Iterator

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Pose, Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from eovseg_model.drawing import segment_colours, segment_title
from eovseg_model.geometry import Box
from eovseg_model.inference import LabelledSegment
from eovseg_ros.messages.segmented_frame import SegmentedFrame
from eovseg_ros.messages.segments import bounding_box

BOXES, NAMES = "boxes", "names"  # namespaces
# Seconds: more than a frame of a large model takes on a CPU, yet no box stays long after the node has ended.
_LIFETIME = 5
_OPACITY = 0.4
_THINNEST = 0.001  # metres; RViz warns of a side of 0
_LOWEST_LETTERS, _HIGHEST_LETTERS = 0.04, 0.2  # metres
_LETTER_SHARE = 0.25  # of the longest side of the box


class SegmentMarkers:
    """The markers of a camera: a box and a name for each thing with depth, until it is gone.

    Stuff has none: the box of a floor would hide all that stands on it.
    """

    def __init__(self) -> None:
        self._shown: set[int] = set()  # ids

    def message(self, frame: SegmentedFrame) -> MarkerArray:
        """Return the markers of a frame, which also delete those of things that it does not show.

        A frame without space has none, and deletes none.
        """
        if frame.space is None:
            return MarkerArray()
        header = Header(stamp=frame.header.stamp, frame_id=frame.space.frame_id)
        colours = segment_colours(frame.segments)
        markers, shown = [], set()
        for number, thing in _identified(frame):
            if (geometry := frame.geometry.get(thing.id)) is not None:
                shown.add(number)
                box, name = _box(geometry.box), _name(geometry.box, segment_title(thing))
                red, green, blue = (part / 255 for part in colours[thing.id])
                box.color = ColorRGBA(r=red, g=green, b=blue, a=_OPACITY)
                markers += [_placed(box, header, number), _placed(name, header, number)]
        for number in self._shown - shown:
            for namespace in (BOXES, NAMES):
                markers.append(_placed(Marker(ns=namespace, action=Marker.DELETE), header, number))
        self._shown = shown
        return MarkerArray(markers=markers)


def _identified(frame: SegmentedFrame) -> Iterator[tuple[int, LabelledSegment]]:
    """Yield the things with the ids of their markers: of their tracks, or of the segments without tracking.

    A thing without a track while others, or stuff, have one is new. It may be a fault of one frame, and would
    change its id in the next.
    """
    tracking = any(segment.track_id for segment in frame.segments)
    for segment in frame.segments:
        if segment.is_thing and (segment.track_id or not tracking):
            number = segment.track_id or segment.id
            yield (number + 2**31) % 2**32 - 2**31, segment  # as int32


def _box(box: Box) -> Marker:
    message = bounding_box(box)
    x, y, z = np.maximum(box.size, _THINNEST).tolist()
    return Marker(ns=BOXES, type=Marker.CUBE, pose=message.center, scale=Vector3(x=x, y=y, z=z))


def _name(box: Box, text: str) -> Marker:
    """Return a name that stands on the box."""
    letters = min(max(_LETTER_SHARE * float(box.size.max()), _LOWEST_LETTERS), _HIGHEST_LETTERS)
    x, y, z = (box.centre + box.rotation[:, 2] * (box.size[2] / 2 + letters)).tolist()
    return Marker(
        ns=NAMES,
        type=Marker.TEXT_VIEW_FACING,
        pose=Pose(position=Point(x=x, y=y, z=z)),
        scale=Vector3(z=letters),
        color=ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0),
        text=text,
    )


def _placed(marker: Marker, header: Header, number: int) -> Marker:
    marker.header = header
    marker.id = number
    marker.lifetime = Duration(sec=_LIFETIME)
    return marker
