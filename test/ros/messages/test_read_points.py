"""Clouds as arrays."""

import struct
from array import array

import numpy as np
import pytest
from sensor_msgs.msg import PointCloud2, PointField
from space_frames import PANOPTIC, frame

from eovseg_ros.messages import points_message, read_points


def two_rows(byte_order="<"):
    """2x2 points of 8 bytes, x at 0 and label at 6, and 4 unused bytes after each row."""
    message = PointCloud2(height=2, width=2, point_step=8, row_step=20, is_bigendian=byte_order == ">")
    message.fields = [
        PointField(name="x", offset=0, datatype=PointField.FLOAT32, count=1),
        PointField(name="label", offset=6, datatype=PointField.UINT16, count=1),
    ]
    points = [
        struct.pack(f"{byte_order}fxxH", x, label) for x, label in ((0.5, 1), (1.5, 2), (2.5, 3), (3.5, 700))
    ]
    rows = [points[0] + points[1] + b"____", points[2] + points[3] + b"____"]
    message.data = array("B", b"".join(rows))
    return message


@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_fields_are_read_at_their_offsets_row_after_row(byte_order):
    points = read_points(two_rows(byte_order))
    assert points["x"].tolist() == [0.5, 1.5, 2.5, 3.5]
    assert points["label"].tolist() == [1, 2, 3, 700]


def test_the_nodes_own_clouds_are_read_back():
    points = read_points(points_message(frame(np.full((3, 4), 2.0, np.float32)), 1))
    assert points.dtype.names == ("x", "y", "z", "rgb", "label", "instance", "track")
    assert points["x"][:4].tolist() == [-1.0, 0.0, 1.0, 2.0] and (points["z"] == 2).all()
    assert points["instance"].tolist() == PANOPTIC.ravel().tolist()


def test_a_cloud_without_points_is_an_empty_array():
    message = two_rows()
    message.height, message.width, message.row_step, message.data = 1, 0, 0, array("B")
    assert read_points(message).shape == (0,)


def test_a_cloud_with_too_few_bytes_is_refused():
    message = two_rows()
    message.data = message.data[:-1]
    with pytest.raises(ValueError, match="a cloud of 2x2 points needs 40 bytes, but holds 39"):
        read_points(message)
