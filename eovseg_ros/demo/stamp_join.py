"""Messages of several topics that belong to the same image."""

from collections.abc import Callable, Mapping
from typing import Any

from rclpy.node import Node

_REMEMBERED = 60  # stamps that wait for the rest of their messages

Stamp = tuple[int, int]  # seconds and nanoseconds


class StampJoin:
    """Subscribes to topics and hands on the messages of each stamp once all are there.

    Args:
        topics: message type and topic by name.
        use: called with a message by name. Stamps before it that are not complete are dropped.
    """

    def __init__(
        self, node: Node, topics: Mapping[str, tuple[type, str]], use: Callable[[dict[str, Any]], None]
    ) -> None:
        self._names = len(topics)
        self._use = use
        self._waiting: dict[Stamp, dict[str, Any]] = {}
        for name, (message_type, topic) in topics.items():
            node.create_subscription(message_type, topic, self._keeper(name), 10)

    def _keeper(self, name: str) -> Callable[[Any], None]:
        return lambda message: self._keep(name, message)

    def _keep(self, name: str, message: Any) -> None:
        stamp = stamp_of(message)
        together = self._waiting.setdefault(stamp, {})
        together[name] = message
        if len(together) == self._names:
            self._waiting = {other: waiting for other, waiting in self._waiting.items() if other > stamp}
            self._use(together)
        while len(self._waiting) > _REMEMBERED:
            self._waiting.pop(next(iter(self._waiting)))


def stamp_of(message: Any) -> Stamp:
    """Return the stamp of a message with a header."""
    return message.header.stamp.sec, message.header.stamp.nanosec
