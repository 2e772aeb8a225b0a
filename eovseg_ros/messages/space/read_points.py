"""Conversion of a PointCloud2 to an array."""

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField

_TYPES = {
    PointField.INT8: "i1",
    PointField.UINT8: "u1",
    PointField.INT16: "i2",
    PointField.UINT16: "u2",
    PointField.INT32: "i4",
    PointField.UINT32: "u4",
    PointField.FLOAT32: "f4",
    PointField.FLOAT64: "f8",
}


def read_points(message: PointCloud2) -> np.ndarray:
    """View the points of a cloud as a structured array (N,) with the fields of the message.

    Raises ValueError if the message holds fewer bytes than its points take.
    """
    order = ">" if message.is_bigendian else "<"
    point = np.dtype(
        {
            "names": [field.name for field in message.fields],
            "formats": [order + _TYPES[field.datatype] for field in message.fields],
            "offsets": [field.offset for field in message.fields],
            "itemsize": message.point_step,
        }
    )
    shape, strides = (message.height, message.width), (message.row_step, message.point_step)
    if len(message.data) < (needed := message.height * message.row_step):
        size = f"{message.width}x{message.height}"
        raise ValueError(f"a cloud of {size} points needs {needed} bytes, but holds {len(message.data)}")
    return np.ndarray(shape, point, buffer=message.data, strides=strides).reshape(-1)
