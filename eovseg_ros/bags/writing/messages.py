"""Messages of results, the same as those that eovseg_ros.messages makes in the node, without ROS."""

import sys
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from eovseg_model.drawing import name_colour
from eovseg_model.geometry import SegmentGeometry, quaternion
from eovseg_model.inference import LabelledSegment, Region
from eovseg_ros.bags.message_types import COMPRESSED_IMAGE, IMAGE, SEGMENTS, VOCABULARY, message_class
from eovseg_ros.messages import SegmentedFrame

# Ids compress no worse without PNG's filters, in a third of the time. OpenCV has the option since 4.12.
_UNFILTERED = (
    (cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE) if hasattr(cv2, "IMWRITE_PNG_FILTER") else ()
)
_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 3, *_UNFILTERED)


def label_image_message(ids: np.ndarray, header: Any, *, compressed: bool) -> Any:
    """Return ids (H, W) as mono8 or 16UC1 image, compressed as PNG if wanted."""
    encoding = "mono8" if ids.itemsize == 1 else "16UC1"
    if compressed:
        written, png = cv2.imencode(".png", ids, _PNG)
        assert written
        form = f"{encoding}; png compressed {encoding}"
        return message_class(COMPRESSED_IMAGE)(header=header, format=form, data=png.ravel())
    ids = np.ascontiguousarray(ids)
    return message_class(IMAGE)(
        header=header,
        height=ids.shape[0],
        width=ids.shape[1],
        encoding=encoding,
        is_bigendian=int(sys.byteorder == "big"),
        step=ids.strides[0],
        data=ids.view(np.uint8).ravel(),
    )


def segments_message(frame: SegmentedFrame) -> Any:
    """Return the segments that have pixels, ordered by id, with positions if the frame has space."""
    ordered = sorted((s for s in frame.segments if s.id in frame.regions), key=lambda s: s.id)
    return message_class(SEGMENTS)(
        header=frame.header,
        vocabulary_version=frame.vocabulary_version,
        height=frame.panoptic.shape[0],
        width=frame.panoptic.shape[1],
        position_frame=frame.space.frame_id if frame.space else "",
        segments=[
            _segment(s, frame.regions[s.id], frame.geometry.get(s.id), frame.embeddings.get(s.id))
            for s in ordered
        ],
    )


def vocabulary_message(
    time: int, entries: Sequence[str], labels: Sequence[str], things: Sequence[bool]
) -> Any:
    """Return the vocabulary, the first one of a recording, that is live from a time in nanoseconds on."""
    stamp = message_class("builtin_interfaces/msg/Time")(sec=time // 10**9, nanosec=time % 10**9)
    return message_class(VOCABULARY)(
        header=message_class("std_msgs/msg/Header")(stamp=stamp, frame_id=""),
        version=1,
        entries=list(entries),
        labels=list(labels),
        is_thing=np.array(things, bool),
        colors=[_colour(label, bool(thing)) for label, thing in zip(labels, things, strict=True)],
    )


def _segment(
    segment: LabelledSegment,
    region: Region,
    geometry: SegmentGeometry | None,
    embedding: np.ndarray | None,
) -> Any:
    return message_class("eovseg_ros/msg/Segment")(
        id=int(segment.id),
        track_id=int(segment.track_id),
        class_id=int(segment.class_id),
        label=segment.label,
        is_thing=bool(segment.is_thing),
        score=float(segment.score),
        pixel_area=region.area,
        pixel_bbox=message_class("sensor_msgs/msg/RegionOfInterest")(
            x_offset=region.x,
            y_offset=region.y,
            height=region.height,
            width=region.width,
            do_rectify=False,
        ),
        pixel_centroid=np.array([region.centroid_x, region.centroid_y], np.float32),
        has_position=geometry is not None,
        position=_point(geometry.position if geometry else np.zeros(3)),
        box=_box(geometry),
        embedding=np.zeros(0, np.float32) if embedding is None else embedding.astype(np.float32),
    )


def _box(geometry: SegmentGeometry | None) -> Any:
    box = geometry and geometry.box
    x, y, z, w = quaternion(box.rotation) if box else (0.0, 0.0, 0.0, 1.0)
    length, width, height = box.size.tolist() if box else (0.0, 0.0, 0.0)
    return message_class("eovseg_ros/msg/BoundingBox3D")(
        center=message_class("geometry_msgs/msg/Pose")(
            position=_point(box.centre if box else np.zeros(3)),
            orientation=message_class("geometry_msgs/msg/Quaternion")(x=x, y=y, z=z, w=w),
        ),
        size=message_class("geometry_msgs/msg/Vector3")(x=length, y=width, z=height),
    )


def _point(position: np.ndarray) -> Any:
    x, y, z = position.tolist()
    return message_class("geometry_msgs/msg/Point")(x=x, y=y, z=z)


def _colour(label: str, is_thing: bool) -> Any:
    red, green, blue = name_colour(label, is_thing=is_thing)
    return message_class("std_msgs/msg/ColorRGBA")(r=red / 255, g=green / 255, b=blue / 255, a=1.0)
