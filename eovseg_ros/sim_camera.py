"""A simulated robot camera: images of random scenes, with depth and truth, on /camera."""

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import rclpy
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from eovseg_model.regions import measure_regions
from eovseg_model.simulation.catalog import CATALOG
from eovseg_model.simulation.frame import Frame
from eovseg_model.simulation.scene import Scene, SceneConfig
from eovseg_ros.images import array_to_image
from eovseg_ros.messages import panoptic_segmentation
from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.spinning import until_shutdown

Number = TypeVar("Number", int, float)
FRAME_ID = "camera_optical_frame"
FrameMessages = tuple[Image, CameraInfo, Image, Image, PanopticSegmentation]


@dataclass(frozen=True)
class _TrueSegment:
    id: int
    class_id: int  # index into the simulation's catalog of names
    label: str
    is_thing: bool
    score: float = 1.0


class SimCamera(Node):
    """Render live, or render `replay` frames first and repeat them, which reaches 30 Hz and more."""

    def __init__(self) -> None:
        super().__init__("sim_camera")
        rate = self._number("rate", 10.0, (0.1, 1000.0), "Frames a second.")
        width = self._number("width", 320, (8, 8192), "Pixels.")
        height = self._number("height", 240, (8, 8192), "Pixels.")
        period = self._number("scene_period", 10.0, (0.01, 1e6), "Seconds of one scene.")
        seed = self._number("seed", 7, (0, 2**31), "Of the first scene; the next has the next.")
        replay = self._number(
            "replay", 0, (0, 10_000), "Frames to render first and then repeat; 0: render live."
        )
        kept_out = self._switch("kept_out", False, "Whether things are there that training never showed.")
        reliable = self._switch(
            "reliable", True, "RELIABLE images, or BEST_EFFORT as many drivers have them."
        )
        frames = rendered_frames(
            seed=seed,
            kept_out=kept_out,
            frames_per_scene=max(1, round(rate * period)),
            step=1 / rate,
            size=(width, height),
        )
        messages: Iterator[FrameMessages] = (frame_messages(frame) for frame in frames)
        if replay:
            self.get_logger().info(f"rendering {replay} frames ...")
            messages = itertools.cycle(list(itertools.islice(messages, replay)))
        self._messages = messages
        reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        qos = QoSProfile(depth=1, reliability=reliability)
        self._topics = [
            self.create_publisher(Image, "/camera/image_raw", qos),
            self.create_publisher(CameraInfo, "/camera/camera_info", qos),
            self.create_publisher(Image, "/camera/depth", qos),
            self.create_publisher(Image, "/camera/truth/panoptic", qos),
            self.create_publisher(PanopticSegmentation, "/camera/truth/segments", qos),
        ]
        self.create_timer(1 / rate, self._publish)
        self.get_logger().info(f"publishing {width}x{height} at {rate:g} Hz on /camera/image_raw")

    def _number(self, name: str, default: Number, limits: tuple[Number, Number], description: str) -> Number:
        """Declare a number; a whole one will do for a float. ValueError says what to write instead."""
        value = self.declare_parameter(name, default, _descriptor(description)).value
        kind = type(default)
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, kind))
            or not limits[0] <= value <= limits[1]
        ):
            what = "a whole number" if kind is int else "a number"
            raise ValueError(f"'{name}' must be {what} from {limits[0]:g} to {limits[1]:g}, got {value!r}")
        return kind(value)

    def _switch(self, name: str, default: bool, description: str) -> bool:
        value = self.declare_parameter(name, default, _descriptor(description)).value
        if not isinstance(value, bool):
            raise ValueError(f"'{name}' must be true or false, got {value!r}")
        return value

    def _publish(self) -> None:
        messages = next(self._messages)
        stamp = self.get_clock().now().to_msg()
        for topic, message in zip(self._topics, messages, strict=True):
            message.header.stamp = stamp
            if topic.get_subscription_count():
                topic.publish(message)


def _descriptor(description: str) -> ParameterDescriptor:
    return ParameterDescriptor(description=description, dynamic_typing=True)


def rendered_frames(
    *, seed: int, kept_out: bool, frames_per_scene: int, step: float, size: tuple[int, int]
) -> Iterator[Frame]:
    """Render scene after scene along the robot's path without end, `step` seconds between two frames."""
    config = SceneConfig(include_kept_out=kept_out)
    for number in itertools.count(seed):
        with Scene(seed=number, config=config) as scene:
            for i in range(frames_per_scene):
                yield scene.render(i * step, width=size[0], height=size[1])


def frame_messages(frame: Frame) -> FrameMessages:
    """Write a frame as image, camera info, depth, true panoptic image and true segments; without stamps."""
    header = Header(frame_id=FRAME_ID)
    truth = frame.segment_ids.astype(np.uint16)
    segments = [_TrueSegment(s.id, CATALOG.index(s.label), s.label, s.is_thing) for s in frame.segments]
    return (
        array_to_image(frame.rgb, "rgb8", header),
        camera_info(frame, header),
        array_to_image(frame.depth, "32FC1", header),
        array_to_image(truth, "16UC1", header),
        panoptic_segmentation(header, truth.shape, segments, measure_regions(truth), 0),
    )


def camera_info(frame: Frame, header: Header) -> CameraInfo:
    """Write the intrinsics of a pinhole without distortion."""
    height, width = frame.depth.shape
    fx, fy, cx, cy = frame.fx, frame.fy, frame.cx, frame.cy
    return CameraInfo(
        header=header,
        height=height,
        width=width,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def main(args: list[str] | None = None) -> int:
    """Publish until Ctrl-C; 1 for a wrong parameter."""
    rclpy.init(args=args)
    try:
        with until_shutdown():
            rclpy.spin(SimCamera())
        return 0
    except ValueError as error:
        rclpy.logging.get_logger("sim_camera").fatal(str(error))
        return 1
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    sys.exit(main())
