"""Bags for tests, written by rosbags: images that count up, with depth and calibration."""

from pathlib import Path

import numpy as np
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from eovseg_ros.bags.message_types import encode_message, message_class, typestore

FIRST = 1_700_000_000 * 10**9  # ns, of the first message
PERIOD = 10**8


def header(time, frame_id="camera"):
    stamp = message_class("builtin_interfaces/msg/Time")(sec=time // 10**9, nanosec=time % 10**9)
    return message_class("std_msgs/msg/Header")(stamp=stamp, frame_id=frame_id)


def image(rgb, time, encoding="rgb8", frame_id="camera"):
    """An Image of an array in an encoding of one byte a channel, or of depth."""
    return message_class("sensor_msgs/msg/Image")(
        header=header(time, frame_id),
        height=rgb.shape[0],
        width=rgb.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=rgb.strides[0],
        data=np.frombuffer(rgb.tobytes(), np.uint8),
    )


def compressed(data, time, form="jpeg"):
    return message_class("sensor_msgs/msg/CompressedImage")(
        header=header(time), format=form, data=np.frombuffer(data, np.uint8)
    )


def camera_info(time, size=(32, 24), focal=30.0):
    roi = message_class("sensor_msgs/msg/RegionOfInterest")(
        x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
    )
    width, height = size
    k = [focal, 0, width / 2, 0, focal, height / 2, 0, 0, 1]
    return message_class("sensor_msgs/msg/CameraInfo")(
        header=header(time),
        height=height,
        width=width,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=np.array(k, float),
        r=np.eye(3).ravel(),
        p=np.array([focal, 0, width / 2, 0, 0, focal, height / 2, 0, 0, 0, 1, 0], float),
        binning_x=0,
        binning_y=0,
        roi=roi,
    )


def numbered(i, size=(24, 32)):
    """A grey picture whose level is its number."""
    return np.full((*size, 3), i, np.uint8)


def write_bag(folder, messages, *, storage="mcap", compression=None):
    """Write (topic, log time, message or (type, bytes)) to a rosbag2 folder.

    compression is "file" or "message"; None for none.
    """
    plugin = StoragePlugin.MCAP if storage == "mcap" else StoragePlugin.SQLITE3
    writer = Writer(Path(folder), version=9, storage_plugin=plugin)
    if compression:
        writer.set_compression(CompressionMode[compression.upper()], CompressionFormat.ZSTD)
    with writer:
        connections = {}
        for topic, time, message in messages:
            name, data = message if isinstance(message, tuple) else (message.__msgtype__, None)
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, name, typestore=typestore())
            writer.write(connections[topic], time, encode_message(message) if data is None else data)
    return Path(folder)


def counting(count, topic="/image", period=PERIOD):
    """Messages of an image topic: numbered pictures."""
    return [(topic, FIRST + i * period, image(numbered(i), FIRST + i * period)) for i in range(count)]
