"""A node that publishes nothing but pictures, to time the console alone."""

import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eovseg_ros.messages import array_to_image
from eovseg_ros.msg import CameraStatus, Status

NAME = "/eovseg_stand_in"
_SHADES = 16


class StandInNode:
    """Publishes ~/status once, and an overlay of noise per call; a stamp is the time of publication."""

    def __init__(self, node: Node, *, width: int, height: int) -> None:
        self._clock = node.get_clock()
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._status = node.create_publisher(Status, f"{NAME}/status", latched)
        self._overlay = node.create_publisher(Image, f"{NAME}/overlay", 1)
        self._status.publish(Status(state=Status.STATE_ACTIVE, cameras=[CameraStatus()]))
        blocks = np.random.default_rng(1).integers(
            0, 256, (_SHADES, height // 8 + 1, width // 8 + 1, 3), np.uint8
        )
        self._pictures = [
            array_to_image(b.repeat(8, 0).repeat(8, 1)[:height, :width], "rgb8", Header()) for b in blocks
        ]
        self._next = 0

    @property
    def watched(self) -> bool:
        """Whether the overlay has a subscriber."""
        return self._overlay.get_subscription_count() > 0

    def publish(self) -> None:
        """Publish an overlay."""
        picture = self._pictures[self._next % _SHADES]
        self._next += 1
        picture.header.stamp = self._clock.now().to_msg()
        self._overlay.publish(picture)
