"""Base of the simulated and the recorded camera: topics, checked parameters and shutdown."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import rclpy
from builtin_interfaces.msg import Time
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.processes import Ending, init_ros, shut_down, until_shutdown
from eovseg_ros.simulation.camera_messages import FrameMessages

Number = TypeVar("Number", int, float)


class CameraTopics(NamedTuple):
    """The publishers; each is named as its message in FrameMessages."""

    image: Publisher
    camera_info: Publisher
    depth: Publisher
    true_panoptic: Publisher
    true_segments: Publisher

    def publish(self, messages: FrameMessages, stamp: Time) -> None:
        """Publish, of the messages of a frame, those that somebody subscribes to; others are not made."""
        messages.header.stamp = stamp
        for name, topic in self._asdict().items():
            if topic.get_subscription_count():
                topic.publish(getattr(messages, name))


class CameraNode(Node):
    """A node that publishes on /camera; its parameters are read-only unless they are `live`."""

    def create_topics(self, reliable: bool) -> CameraTopics:
        """Create publishers of images, camera info, depth and ground truth."""
        reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        qos = QoSProfile(depth=1, reliability=reliability)
        return CameraTopics(
            self.create_publisher(Image, "/camera/image_raw", qos),
            self.create_publisher(CameraInfo, "/camera/camera_info", qos),
            self.create_publisher(Image, "/camera/depth", qos),
            self.create_publisher(Image, "/camera/truth/panoptic", qos),
            self.create_publisher(PanopticSegmentation, "/camera/truth/segments", qos),
        )

    def number(
        self, name: str, default: Number, limits: tuple[Number, Number], description: str, live: bool = False
    ) -> Number:
        """Declare a number. Raises ValueError, which states the limits, for an invalid value."""
        return check_number(name, self._declare(name, default, description, live), limits)

    def switch(self, name: str, default: bool, description: str, live: bool = False) -> bool:
        """Declare a bool. Raises ValueError for any other value."""
        return check_switch(name, self._declare(name, default, description, live))

    def word(self, name: str, default: str, description: str, choices: tuple[str, ...] = ()) -> str:
        """Declare a string, one of `choices` if there are any. Raises ValueError for any other value."""
        value = self._declare(name, default, description, live=False)
        if not isinstance(value, str) or (choices and value not in choices):
            what = " or ".join(map(repr, choices)) if choices else "a string"
            raise ValueError(f"'{name}' must be {what}, got {value!r}")
        return value

    def _declare(self, name: str, default: object, description: str, live: bool) -> object:
        descriptor = ParameterDescriptor(description=description, dynamic_typing=True, read_only=not live)
        return self.declare_parameter(name, default, descriptor).value


def check_number(name: str, value: object, limits: tuple[Number, Number]) -> Number:
    """Return the value as the limits' type; an int is valid as a float. Raises ValueError otherwise."""
    kind = type(limits[0])
    if isinstance(value, bool) or not isinstance(value, (int, kind)) or not limits[0] <= value <= limits[1]:
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"'{name}' must be {what} from {limits[0]:g} to {limits[1]:g}, got {value!r}")
    return kind(value)


def check_switch(name: str, value: object) -> bool:
    """Return the value. Raises ValueError if it is not a bool."""
    if not isinstance(value, bool):
        raise ValueError(f"'{name}' must be true or false, got {value!r}")
    return value


def run_camera(name: str, camera: Callable[[], Node], words: list[str], ending: Ending) -> int:
    """Publish until a signal arrives; log one line and return 1 for an invalid argument or file."""
    log = get_logger(name)
    ending.call(shut_down, say=log.info)
    try:
        init_ros(words)
        node = camera()
        ending.call(shut_down)  # again, as there may have been nothing to shut down before
        with until_shutdown():
            rclpy.spin(node)
        node.destroy_node()
        return 0
    except ValueError as error:
        log.fatal(str(error))
        return 1
    except Exception:
        if not ending.asked:
            raise
        return 0  # a signal shut ROS down while the node was created
    finally:
        rclpy.try_shutdown()
