"""The image subscription: adapts to the QoS of the publishers and reports why no images arrive."""

import time
from collections.abc import Callable

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CompressedImage, Image

from eovseg_ros.node.inputs.silence import why_silent
from eovseg_ros.node.inputs.stamp_gaps import StampGaps

_CHECK_PERIOD = 0.5  # seconds
_SILENCE = 5.0  # seconds without an image before the warning
_BUSY = 2.0  # seconds that a check may be late before the warning


class ImageInput:
    """Subscribes with depth 1 to `image` or, for `compressed`, to image_transport's topic below it.

    RELIABLE if all publishers offer it, else BEST_EFFORT, because a reliable subscription receives
    nothing from a best-effort publisher; created again when the publishers change.
    """

    def __init__(
        self,
        node: LifecycleNode,
        *,
        transport: str,
        on_image: Callable[[Image | CompressedImage, float], None],
    ) -> None:
        self._node = node
        self._on_image = on_image
        self._type = Image if transport == "raw" else CompressedImage
        self._name = "image" if transport == "raw" else _compressed_topic(node)
        self._reliability = _common_reliability(self._publishers())
        self._subscription = self._subscribe()
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
        return self._subscription.topic_name

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
        self._node.destroy_subscription(self._subscription)

    def _receive(self, message: Image | CompressedImage) -> None:
        now = time.monotonic()
        if self._silence:
            self._node.get_logger().info(f"images arrive on {self.topic}")
        self._last_image, self._silence = now, ""
        self._on_image(message, now)
        if self._one_publisher:  # stamps of several cameras are interleaved
            self._gaps.add(message.header.stamp.sec * 10**9 + message.header.stamp.nanosec)

    def _check(self) -> None:
        publishers = self._publishers()
        self._one_publisher = len(publishers) == 1
        self._match_reliability(publishers)
        self._warn_of_loss()
        now = time.monotonic()
        late = now - self._last_check - _CHECK_PERIOD
        self._last_check = now
        if late > _BUSY:  # images of this time are still to be received
            self._node.get_logger().warning(f"the node received nothing for {late:.1f} s: it was busy itself")
            self._last_image = min(now, self._last_image + late)
        elif now - self._last_image > _SILENCE:
            reason = why_silent(
                f"sensor_msgs/msg/{self._type.__name__}", publishers, self._subscription.qos_profile
            )
            if reason != self._silence:
                self._node.get_logger().warning(f"no image for {_SILENCE:.0f} s on {self.topic}: {reason}")
            self._silence = reason

    def _match_reliability(self, publishers: list[TopicEndpointInfo]) -> None:
        reliability = _common_reliability(publishers)
        if reliability != self._reliability:
            self._reliability = reliability
            self._node.destroy_subscription(self._subscription)
            self._subscription = self._subscribe()
            self._node.get_logger().info(
                f"listening to {self.topic} with {reliability.name}, as its publishers offer"
            )

    def _warn_of_loss(self) -> None:
        if self._told_loss or not self._gaps.often_lost:
            return
        self._told_loss = True
        self._node.get_logger().warning(
            f"about {self._gaps.share:.0%} of the images on {self.topic} are lost: their stamps have gaps. "
            "With Fast DDS, start the camera and this node with larger shared memory "
            "(FASTRTPS_DEFAULT_PROFILES_FILE=.../config/fastdds.xml); or publish RELIABLE, or smaller images"
        )

    def _subscribe(self) -> Subscription:
        qos = QoSProfile(depth=1, reliability=self._reliability)
        return self._node.create_subscription(self._type, self._name, self._receive, qos)

    def _publishers(self) -> list[TopicEndpointInfo]:
        return self._node.get_publishers_info_by_topic(self._node.resolve_topic_name(self._name))


def _common_reliability(publishers: list[TopicEndpointInfo]) -> ReliabilityPolicy:
    offers = [publisher.qos_profile.reliability for publisher in publishers]
    everyone = bool(offers) and all(offer == ReliabilityPolicy.RELIABLE for offer in offers)
    return ReliabilityPolicy.RELIABLE if everyone else ReliabilityPolicy.BEST_EFFORT


def _compressed_topic(node: LifecycleNode) -> str:
    """Return `/compressed` below the topic of `image`, unless `image/compressed` itself is remapped."""
    name = "image/compressed"
    if node.resolve_topic_name(name) != node.resolve_topic_name(name, only_expand=True):
        return name
    return node.resolve_topic_name("image") + "/compressed"
