"""Conversions from results to messages."""

from array import array
from collections.abc import Mapping, Sequence

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from sensor_msgs.msg import Image, RegionOfInterest
from std_msgs.msg import ColorRGBA, Header

from eovseg_model.drawing import name_colour
from eovseg_model.geometry import Box, SegmentGeometry, quaternion
from eovseg_model.inference import LabelledSegment, Region
from eovseg_ros.messages.images import array_to_image
from eovseg_ros.messages.segmented_frame import SegmentedFrame
from eovseg_ros.msg import BoundingBox3D, PanopticSegmentation, Segment, Vocabulary


def panoptic_image(frame: SegmentedFrame) -> Image:
    """Return the segment ids as a 16UC1 image."""
    return array_to_image(frame.panoptic, "16UC1", frame.header)


def semantic_image(frame: SegmentedFrame) -> Image:
    """Return class index + 1 as a mono8 image, or as 16UC1 for more than 254 classes."""
    encoding = "mono8" if frame.semantic.itemsize == 1 else "16UC1"
    return array_to_image(frame.semantic, encoding, frame.header)


def segments_message(frame: SegmentedFrame) -> PanopticSegmentation:
    """Return the segments that have pixels, ordered by id."""
    message = panoptic_segmentation(
        frame.header, frame.panoptic.shape, frame.segments, frame.regions, frame.vocabulary_version
    )
    message.position_frame = frame.space.frame_id if frame.space else ""
    for segment in message.segments:
        if (geometry := frame.geometry.get(segment.id)) is not None:
            set_geometry(segment, geometry)
        if (embedding := frame.embeddings.get(segment.id)) is not None:
            segment.embedding = array("f", embedding.astype(np.float32).tobytes())
    return message


def panoptic_segmentation(
    header: Header,
    shape: tuple[int, ...],
    segments: Sequence[LabelledSegment],
    regions: Mapping[int, Region],
    vocabulary_version: int,
) -> PanopticSegmentation:
    """Return the segments that have a region, ordered by id; regions are by segment id."""
    ordered = sorted((s for s in segments if s.id in regions), key=lambda s: s.id)
    return PanopticSegmentation(
        header=header,
        vocabulary_version=vocabulary_version,
        height=shape[0],
        width=shape[1],
        segments=[_segment(s, regions[s.id]) for s in ordered],
    )


def set_geometry(segment: Segment, geometry: SegmentGeometry) -> None:
    """Set position and box of a segment, in metres."""
    segment.has_position = True
    segment.position = _point(geometry.position)
    segment.box = bounding_box(geometry.box)


def bounding_box(box: Box) -> BoundingBox3D:
    """Return the message of a box."""
    x, y, z, w = quaternion(box.rotation)
    length, width, height = box.size.tolist()
    center = Pose(position=_point(box.centre), orientation=Quaternion(x=x, y=y, z=z, w=w))
    return BoundingBox3D(center=center, size=Vector3(x=length, y=width, z=height))


def vocabulary_message(
    stamp: Time, version: int, entries: Sequence[str], labels: Sequence[str], is_thing: Sequence[bool]
) -> Vocabulary:
    """Return the message for a vocabulary that went live at `stamp`, with `entries` as requested."""
    return Vocabulary(
        header=Header(stamp=stamp),
        version=version,
        entries=list(entries),
        labels=list(labels),
        is_thing=[bool(t) for t in is_thing],
        colors=[_colour(label, bool(thing)) for label, thing in zip(labels, is_thing, strict=True)],
    )


def _colour(label: str, is_thing: bool) -> ColorRGBA:
    red, green, blue = name_colour(label, is_thing=is_thing)
    return ColorRGBA(r=red / 255, g=green / 255, b=blue / 255, a=1.0)


def _point(position: np.ndarray) -> Point:
    x, y, z = position.tolist()
    return Point(x=x, y=y, z=z)


def _segment(segment: LabelledSegment, region: Region) -> Segment:
    return Segment(
        id=int(segment.id),
        track_id=int(segment.track_id),
        class_id=int(segment.class_id),
        label=segment.label,
        is_thing=bool(segment.is_thing),
        score=float(segment.score),
        pixel_area=region.area,
        pixel_bbox=RegionOfInterest(
            x_offset=region.x, y_offset=region.y, width=region.width, height=region.height
        ),
        pixel_centroid=[region.centroid_x, region.centroid_y],
    )
