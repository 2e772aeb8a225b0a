"""A subscription whose messages are paired with images by time."""

import time
from typing import Any, Generic, TypeVar

from rclpy.node import Node
from std_msgs.msg import Header

from eovseg_ros.node.inputs.matched_subscription import MatchedSubscription
from eovseg_ros.node.inputs.silence import why_silent
from eovseg_ros.node.space.nearest_in_time import Nearest, NearestInTime

Message = TypeVar("Message")

_SILENCE = 2.0  # seconds without a message before the reason is looked for


class PairedTopic(Generic[Message]):
    """Pairs images with the nearest message of a topic, and says why there is none."""

    def __init__(
        self, node: Node, message_type: type[Message], name: str, *, depth: int, latched: bool
    ) -> None:
        self._type_name = f"sensor_msgs/msg/{message_type.__name__}"
        self._name = name
        self._messages: NearestInTime[Message] = NearestInTime()
        self._silence = ""
        self._last = time.monotonic()
        self._subscription = MatchedSubscription(
            node, message_type, name, self._receive, depth=depth, latched=latched
        )

    @property
    def topic(self) -> str:
        """Resolved name of the topic."""
        return self._subscription.topic

    @property
    def silence(self) -> str:
        """Why no message has arrived for some seconds; empty while messages arrive."""
        return self._silence

    def expect(self, header: Header) -> Nearest[Message]:
        """Return the nearest message of an image that arrives now."""
        return self._messages.expect(header)

    def check(self) -> None:
        """Match the QoS and look for the reason of a silence; call it from a timer."""
        publishers = self._subscription.match()
        if time.monotonic() - self._last > _SILENCE:
            self._silence = why_silent(self._type_name, publishers, self._subscription.qos, self._name)

    def close(self) -> None:
        """Destroy the subscription."""
        self._subscription.close()

    def _receive(self, message: Any) -> None:
        self._last, self._silence = time.monotonic(), ""
        self._messages.add(message.header, message)
