"""The subscription to the images of a camera, and to the calibration beside them."""

from collections.abc import Callable
from typing import Any, NamedTuple

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

_IMAGES = 4  # kept while the viewer is slow; after that the oldest are dropped


class _Source(NamedTuple):
    topic: str
    message_type: Any
    reliability: ReliabilityPolicy


class CameraImages:
    """Subscribes as the publishers of the topic do, once there are any."""

    def __init__(
        self, node: Node, on_image: Callable[[Any], None], on_info: Callable[[CameraInfo], None]
    ) -> None:
        self._node = node
        self._on_image = on_image
        self._on_info = on_info
        self._source: _Source | None = None
        self._subscriptions: list[Subscription] = []

    def follow(self, topic: str) -> None:
        """Subscribe to this topic instead of the one before; an empty name keeps that."""
        source = self._find(topic) if topic else None
        if source is None or source == self._source:
            return
        self._source = source
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        qos = QoSProfile(depth=_IMAGES, reliability=source.reliability)
        newest = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._subscriptions = [
            self._node.create_subscription(source.message_type, topic, self._on_image, qos),
            self._node.create_subscription(CameraInfo, _info_topic(topic), self._on_info, newest),
        ]

    def _find(self, topic: str) -> _Source | None:
        publishers = self._node.get_publishers_info_by_topic(topic)
        types = {publisher.topic_type for publisher in publishers}
        if not types:
            return None
        compressed = "sensor_msgs/msg/CompressedImage" in types
        reliable = all(p.qos_profile.reliability == ReliabilityPolicy.RELIABLE for p in publishers)
        reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        return _Source(topic, CompressedImage if compressed else Image, reliability)


def _info_topic(image_topic: str) -> str:
    """Return where drivers publish the calibration: camera_info beside the image."""
    base = image_topic.removesuffix("/compressed")
    return base.rpartition("/")[0] + "/camera_info"
