"""The labelled point cloud of a frame."""

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from eovseg_ros.messages.segmented_frame import SegmentedFrame

from .labelled_points import POINT, labelled_points

_DATATYPES = {"float32": PointField.FLOAT32, "uint16": PointField.UINT16, "uint32": PointField.UINT32}


def points_message(frame: SegmentedFrame, stride: int) -> PointCloud2:
    """Return the points of a frame with space: those of every stride-th row and column that have depth.

    Fields: x, y, z in metres, in the frame of positions; rgb; label, as ~/semantic; instance, as ~/panoptic;
    track. Depth of another resolution than the image is taken from the nearest pixel.

    Raises GeometryError for a type of depth that is not supported, and for a camera of another aspect.
    """
    assert frame.space
    header = Header(stamp=frame.header.stamp, frame_id=frame.space.frame_id)
    points = labelled_points(frame, frame.space, stride)
    if create_cloud := _installed_create_cloud():
        joined = np.concatenate(list(points)).view(POINT)
        if len(joined):  # it refuses an array without points
            message = create_cloud(header, _fields(), joined)
            message.is_dense = True
            return message
    message = PointCloud2(header=header, fields=_fields(), height=1, is_dense=True)
    for band in points:
        message.data.frombytes(band.view(np.uint8))
    message.is_bigendian = sys.byteorder == "big"
    message.point_step = POINT.itemsize
    message.row_step = len(message.data)
    message.width = message.row_step // POINT.itemsize
    return message


def _fields() -> list[PointField]:
    return [
        PointField(name=name, offset=field[1], datatype=_DATATYPES[field[0].name], count=1)
        for name, field in (POINT.fields or {}).items()
    ]


@cache  # Python searches its path again for a module that is missing
def _installed_create_cloud() -> Callable[..., Any] | None:
    try:
        from sensor_msgs_py.point_cloud2 import create_cloud
    except ImportError:
        return None
    return create_cloud
