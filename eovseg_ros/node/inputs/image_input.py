"""The image subscription: adapts to the QoS of the publishers and reports why no images arrive."""

import time
from collections.abc import Callable

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image

from eovseg_ros.node.inputs.matched_subscription import MatchedSubscription
from eovseg_ros.node.inputs.silence import why_silent
from eovseg_ros.node.inputs.stamp_gaps import StampGaps

_CHECK_PERIOD = 0.5  # seconds
_SILENCE = 5.0  # seconds without an image before the warning
_BUSY = 2.0  # seconds that a check may be late before the warning


class ImageInput:
    """Subscribes with depth 1 to `image` or, for `compressed`, to image_transport's topic below it.

    `prefix` precedes the name: "front/" for the camera front, whose images come from `front/image`.
    """

    def __init__(
        self,
        node: LifecycleNode,
        *,
        transport: str,
        on_image: Callable[[Image | CompressedImage, float], None],
        prefix: str = "",
    ) -> None:
        self._node = node
        self._on_image = on_image
        self._type = Image if transport == "raw" else CompressedImage
        self._base = f"{prefix}image"
        name = self._base if transport == "raw" else _compressed_topic(node, self._base)
        self._subscription = MatchedSubscription(node, self._type, name, self._receive)
        self._last_image = self._last_check = time.monotonic()
        self._silence = ""
        self._one_publisher = False
        self._gaps = StampGaps()
        self._told_loss = False
        # A steady clock: under use_sim_time without /clock, ROS time stands still.
        self._timer = node.create_timer(
            _CHECK_PERIOD, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    @property
    def topic(self) -> str:
        """Resolved name of the topic."""
        return self._subscription.topic

    @property
    def silence(self) -> str:
        """Why no image has arrived for some seconds; empty while images arrive."""
        return self._silence

    @property
    def lost(self) -> int:
        """Number of images published but not received, estimated from gaps in the stamps."""
        return self._gaps.lost

    def close(self) -> None:
        """Destroy the subscription."""
        self._node.destroy_timer(self._timer)
        self._subscription.close()

    def _receive(self, message: Image | CompressedImage) -> None:
        now = time.monotonic()
        if self._silence:
            self._node.get_logger().info(f"images arrive on {self.topic}")
        self._last_image, self._silence = now, ""
        self._on_image(message, now)
        if self._one_publisher:  # stamps of several cameras are interleaved
            self._gaps.add(message.header.stamp.sec * 10**9 + message.header.stamp.nanosec)

    def _check(self) -> None:
        publishers = self._subscription.match()
        self._one_publisher = len(publishers) == 1
        self._warn_of_loss()
        now = time.monotonic()
        late = now - self._last_check - _CHECK_PERIOD
        self._last_check = now
        if late > _BUSY:  # images of this time are still to be received
            self._node.get_logger().warning(f"the node received nothing for {late:.1f} s: it was busy itself")
            self._last_image = min(now, self._last_image + late)
        elif now - self._last_image > _SILENCE:
            expected = f"sensor_msgs/msg/{self._type.__name__}"
            reason = why_silent(expected, publishers, self._subscription.qos, self._base)
            if reason != self._silence:
                self._node.get_logger().warning(f"no image for {_SILENCE:.0f} s on {self.topic}: {reason}")
            self._silence = reason

    def _warn_of_loss(self) -> None:
        if self._told_loss or not self._gaps.often_lost:
            return
        self._told_loss = True
        self._node.get_logger().warning(
            f"about {self._gaps.share:.0%} of the images on {self.topic} are lost: their stamps have gaps. "
            "With Fast DDS, start the camera and this node with larger shared memory "
            "(FASTRTPS_DEFAULT_PROFILES_FILE=.../config/fastdds.xml); or publish RELIABLE, or smaller images"
        )


def _compressed_topic(node: LifecycleNode, base: str) -> str:
    """Return `/compressed` below the topic of `base`, unless `base`/compressed itself is remapped."""
    name = f"{base}/compressed"
    if node.resolve_topic_name(name) != node.resolve_topic_name(name, only_expand=True):
        return name
    return node.resolve_topic_name(base) + "/compressed"
