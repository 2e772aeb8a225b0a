"""Things as detections of vision_msgs, if that is installed."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from std_msgs.msg import Header

from eovseg_model.inference import LabelledSegment
from eovseg_ros.messages.segmented_frame import SegmentedFrame
from eovseg_ros.messages.segments import bounding_box


class DetectionTypes(NamedTuple):
    """Message types of ~/detections and ~/detections_3d."""

    in_image: Any
    in_space: Any


def detection_types() -> DetectionTypes | None:
    """Return the message types, or None if vision_msgs is not installed."""
    try:
        from vision_msgs.msg import Detection2DArray, Detection3DArray
    except ImportError:
        return None
    return DetectionTypes(Detection2DArray, Detection3DArray)


def detections_message(frame: SegmentedFrame) -> Any:
    """Return the things of a frame that have pixels, with boxes in pixels.

    A box reaches from the left edge of its first column to the right edge of its last one.
    """
    from vision_msgs.msg import BoundingBox2D, Detection2D, Detection2DArray

    message = Detection2DArray(header=frame.header)
    for thing in _things(frame):
        if (region := frame.regions.get(thing.id)) is not None:
            box = BoundingBox2D(size_x=float(region.width), size_y=float(region.height))
            box.center.position.x = region.x + region.width / 2
            box.center.position.y = region.y + region.height / 2
            message.detections.append(
                Detection2D(header=frame.header, results=[_hypothesis(thing)], bbox=box, id=_track(thing))
            )
    return message


def detections_3d_message(frame: SegmentedFrame) -> Any:
    """Return the things of a frame with space that have enough depth, with boxes in metres."""
    from vision_msgs.msg import BoundingBox3D, Detection3D, Detection3DArray

    assert frame.space
    header = Header(stamp=frame.header.stamp, frame_id=frame.space.frame_id)
    message = Detection3DArray(header=header)
    for thing in _things(frame):
        if (geometry := frame.geometry.get(thing.id)) is not None:
            box = bounding_box(geometry.box)
            hypothesis = _hypothesis(thing)
            hypothesis.pose.pose = box.center
            message.detections.append(
                Detection3D(
                    header=header,
                    results=[hypothesis],
                    bbox=BoundingBox3D(center=box.center, size=box.size),
                    id=_track(thing),
                )
            )
    return message


def _things(frame: SegmentedFrame) -> Iterator[LabelledSegment]:
    return (segment for segment in frame.segments if segment.is_thing)


def _hypothesis(segment: LabelledSegment) -> Any:
    from vision_msgs.msg import ObjectHypothesis, ObjectHypothesisWithPose

    hypothesis = ObjectHypothesis(class_id=segment.label, score=float(segment.score))
    return ObjectHypothesisWithPose(hypothesis=hypothesis)


def _track(segment: LabelledSegment) -> str:
    return str(segment.track_id) if segment.track_id else ""
