"""A subscription that exists only while somebody watches."""

import time
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

from eovseg_ros.web.robot.latest import Latest

Message = TypeVar("Message")

LEASE = 3.0  # seconds for which a call of `watch` keeps the subscription


class Source(NamedTuple):
    """What to subscribe to."""

    message_type: Any
    topic: str
    qos: QoSProfile


class WatchedTopic(Generic[Message]):
    """Keeps the newest message of a topic, from the first call of `watch` until some seconds after the last.

    A browser that is closed or lost calls no more, so that nothing has to be counted.

    Args:
        find_source: Returns what to subscribe to; None while that is not known. May change.
        on_message: Called with each message, in the thread of ROS.
    """

    def __init__(
        self,
        node: Node,
        find_source: Callable[[], Source | None],
        on_message: Callable[[Message], object] | None = None,
    ) -> None:
        self.messages: Latest[Message] = Latest()
        self._node = node
        self._find_source = find_source
        self._on_message = on_message
        self._deadline = 0.0
        self._source: Source | None = None
        self._subscription: Subscription | None = None

    @property
    def subscribed(self) -> bool:
        """Whether there is a subscription."""
        return self._subscription is not None

    def watch(self) -> None:
        """Keep the subscription for the next `LEASE` seconds; in any thread."""
        self._deadline = time.monotonic() + LEASE

    def tend(self) -> None:
        """Subscribe or unsubscribe as needed; in the thread of ROS, several times per second."""
        wanted = self._find_source() if time.monotonic() < self._deadline else None
        if wanted == self._source:
            return
        self._source = wanted
        if self._subscription:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None
            self.messages.clear()
        if wanted:
            self._subscription = self._node.create_subscription(
                wanted.message_type, wanted.topic, self._keep, wanted.qos
            )

    def _keep(self, message: Message) -> None:
        self.messages.put(message)
        if self._on_message:
            self._on_message(message)
