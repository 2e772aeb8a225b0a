"""The image subscription: speaks whatever QoS the publishers offer and says why nothing arrives."""

import time
from collections.abc import Callable

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CompressedImage, Image

_CHECK_PERIOD = 0.5  # seconds
_SILENCE = 5.0  # seconds without an image before the warning


class ImageInput:
    """Subscribe to `image`, or for `compressed` to what image_transport would offer beside it, depth 1.

    RELIABLE where every publisher offers it and BEST_EFFORT otherwise, as a reliable subscription
    would get nothing from a best-effort publisher; made anew when the publishers change.
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
        self._reliability = self._offered_reliability()
        self._subscription = self._subscribe()
        self._last_image = time.monotonic()
        self._warned = False
        # A steady clock: under use_sim_time without /clock, ROS time stands still.
        self._timer = node.create_timer(
            _CHECK_PERIOD, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    @property
    def topic(self) -> str:
        """Resolved name of the topic."""
        return self._subscription.topic_name

    @property
    def silent(self) -> bool:
        """Whether the last image is too long ago."""
        return time.monotonic() - self._last_image > _SILENCE

    def close(self) -> None:
        """Stop listening."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_subscription(self._subscription)

    def _receive(self, message: Image | CompressedImage) -> None:
        now = time.monotonic()
        if self._warned:
            self._node.get_logger().info(f"images arrive on {self.topic}")
        self._last_image, self._warned = now, False
        self._on_image(message, now)

    def _check(self) -> None:
        reliability = self._offered_reliability()
        if reliability != self._reliability:
            self._reliability = reliability
            self._node.destroy_subscription(self._subscription)
            self._subscription = self._subscribe()
            self._node.get_logger().info(
                f"listening to {self.topic} with {reliability.name}, as its publishers offer"
            )
        if self.silent and not self._warned:
            self._warned = True
            self._node.get_logger().warning(self._why_silent())

    def _subscribe(self) -> Subscription:
        qos = QoSProfile(depth=1, reliability=self._reliability)
        return self._node.create_subscription(self._type, self._name, self._receive, qos)

    def _publishers(self) -> list[TopicEndpointInfo]:
        return self._node.get_publishers_info_by_topic(self._node.resolve_topic_name(self._name))

    def _offered_reliability(self) -> ReliabilityPolicy:
        offers = [p.qos_profile.reliability for p in self._publishers()]
        everyone = bool(offers) and all(offer == ReliabilityPolicy.RELIABLE for offer in offers)
        return ReliabilityPolicy.RELIABLE if everyone else ReliabilityPolicy.BEST_EFFORT

    def _why_silent(self) -> str:
        start = f"no image for {_SILENCE:.0f} s on {self.topic}: "
        publishers = self._publishers()
        if not publishers:
            without = "" if self._type is Image else ", without /compressed"
            return start + f"nobody publishes there; start the camera, or remap 'image' to its topic{without}"
        expected = f"sensor_msgs/msg/{self._type.__name__}"
        described = "; ".join(_describe(p, expected) for p in publishers)
        return start + f"{len(publishers)} publisher(s), who send nothing that arrives: {described}"


def _compressed_topic(node: LifecycleNode) -> str:
    """`/compressed` below what `image` is remapped to, unless `image/compressed` itself is remapped."""
    name = "image/compressed"
    if node.resolve_topic_name(name) != node.resolve_topic_name(name, only_expand=True):
        return name
    return node.resolve_topic_name("image") + "/compressed"


def _describe(publisher: TopicEndpointInfo, expected_type: str) -> str:
    qos = publisher.qos_profile
    name = f"{publisher.node_namespace.rstrip('/')}/{publisher.node_name}"
    text = f"{name} offers {qos.reliability.name}, {qos.durability.name}, depth {qos.depth}"
    if publisher.topic_type != expected_type:
        text += f" and the type {publisher.topic_type}, where {expected_type} is expected"
    return text
