"""A subscription that adapts to the QoS of the publishers."""

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from rclpy.topic_endpoint_info import TopicEndpointInfo


class MatchedSubscription:
    """Subscribes RELIABLE if all publishers offer it, else BEST_EFFORT; subscribes again when they change.

    A reliable subscription receives nothing from a best-effort publisher, and a best-effort one loses large
    messages. `latched` also receives what TRANSIENT_LOCAL publishers sent before, if all offer it.
    """

    def __init__(
        self,
        node: Node,
        message_type: Any,
        name: str,
        receive: Callable[[Any], None],
        *,
        depth: int = 1,
        latched: bool = False,
    ) -> None:
        self._node = node
        self._type = message_type
        self._name = name
        self._receive = receive
        self._depth = depth
        self._latched = latched
        self.topic = node.resolve_topic_name(name)  # of a destroyed subscription, rclpy does not know it
        self._subscription = self._subscribe(self._common_qos(self._publishers()))

    @property
    def qos(self) -> QoSProfile:
        """QoS of the subscription."""
        return self._subscription.qos_profile

    def match(self) -> list[TopicEndpointInfo]:
        """Subscribe again if the publishers offer another QoS, and return them; call it from a timer."""
        publishers = self._publishers()
        qos = self._common_qos(publishers)
        if (qos.reliability, qos.durability) != (self.qos.reliability, self.qos.durability):
            self._node.destroy_subscription(self._subscription)
            self._subscription = self._subscribe(qos)
            latched = qos.durability == DurabilityPolicy.TRANSIENT_LOCAL
            offer = f"{qos.reliability.name}{', TRANSIENT_LOCAL' if latched else ''}"
            self._node.get_logger().info(f"listening to {self.topic} with {offer}, as its publishers offer")
        return publishers

    def close(self) -> None:
        """Destroy the subscription."""
        self._node.destroy_subscription(self._subscription)

    def _subscribe(self, qos: QoSProfile) -> Subscription:
        return self._node.create_subscription(self._type, self._name, self._receive, qos)

    def _publishers(self) -> list[TopicEndpointInfo]:
        return self._node.get_publishers_info_by_topic(self.topic)

    def _common_qos(self, publishers: Sequence[TopicEndpointInfo]) -> QoSProfile:
        offers = [publisher.qos_profile for publisher in publishers]
        reliable = bool(offers) and all(offer.reliability == ReliabilityPolicy.RELIABLE for offer in offers)
        # Only reliable subscriptions get earlier messages.
        latched = self._latched and reliable and all(_is_durable(offer) for offer in offers)
        return QoSProfile(
            depth=self._depth,
            reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        )


def _is_durable(offer: QoSProfile) -> bool:
    return offer.durability == DurabilityPolicy.TRANSIENT_LOCAL
