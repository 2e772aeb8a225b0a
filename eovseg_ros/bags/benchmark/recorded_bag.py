"""The recorded camera as a bag: images, depth and calibration."""

from pathlib import Path
from typing import Any

import numpy as np

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.message_types import CAMERA_INFO, IMAGE, encode_message, message_class
from eovseg_ros.bags.reading.records import Topic
from eovseg_ros.bags.writing.channels import source_channel
from eovseg_ros.bags.writing.mcap_file import McapFile

IMAGE_TOPIC, DEPTH_TOPIC, INFO_TOPIC = "/camera/image_raw", "/camera/depth", "/camera/camera_info"
_RECORDING = Path(__file__).parents[2] / "simulation/recordings/robot_view.zip"
_FRAME = "camera_optical_frame"


def read_recording() -> Any:
    """Return the eovseg_model.simulation.Recording. Raises BagError where it is not installed."""
    from eovseg_model.simulation import Recording

    if not _RECORDING.exists():
        raise BagError(f"{_RECORDING} is missing: the recorded camera comes with the source and the node")
    return Recording(_RECORDING)


def write_recorded_bag(path: Path, recording: Any, first: int, count: int, *, depth: bool) -> Path:
    """Write frames of the recording as an .mcap file and return it; the recording begins again at its end.

    depth adds depth and calibration.
    """
    file = McapFile(path, [source_channel(Topic(*topic, 0)) for topic in _topics(depth)])
    for i in range(count):
        time = 10**9 + round(i * 1e9 / recording.rate)
        number = (first + i) % len(recording)
        messages = [_image(recording.rgb(number), time, "rgb8")]
        if depth:
            messages += [_image(recording.depth(number), time, "32FC1"), _info(recording.header, time)]
        for channel, message in enumerate(messages):
            file.add(channel, time, encode_message(message))
        if file.full:
            file.end_chunk()
    file.finish({})
    return path


def _topics(depth: bool) -> list[tuple[str, str]]:
    further = [(DEPTH_TOPIC, IMAGE), (INFO_TOPIC, CAMERA_INFO)]
    return [(IMAGE_TOPIC, IMAGE), *(further if depth else [])]


def _header(time: int) -> Any:
    stamp = message_class("builtin_interfaces/msg/Time")(sec=time // 10**9, nanosec=time % 10**9)
    return message_class("std_msgs/msg/Header")(stamp=stamp, frame_id=_FRAME)


def _image(pixels: np.ndarray, time: int, encoding: str) -> Any:
    pixels = np.ascontiguousarray(pixels)
    return message_class(IMAGE)(
        header=_header(time),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=pixels.strides[0],
        data=pixels.view(np.uint8).reshape(-1),
    )


def _info(camera: Any, time: int) -> Any:
    """Return a pinhole camera without distortion."""
    fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
    return message_class(CAMERA_INFO)(
        header=_header(time),
        height=camera.height,
        width=camera.width,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=np.array([fx, 0, cx, 0, fy, cy, 0, 0, 1], float),
        r=np.eye(3).reshape(-1),
        p=np.array([fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0], float),
        binning_x=0,
        binning_y=0,
        roi=message_class("sensor_msgs/msg/RegionOfInterest")(
            x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
        ),
    )
