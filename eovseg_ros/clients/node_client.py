"""A running node seen from another process: its status, its vocabulary, and a way to change it."""

import time
from collections.abc import Callable, Sequence

import rclpy
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile

from eovseg_ros.msg import Status, Vocabulary

_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class ClientError(RuntimeError):
    """The node is not there, refused, or did not answer in time; the text says which and what to look at."""


class NodeClient:
    """Talk to the node named `target` by the callbacks of `node`, which this spins while it waits."""

    def __init__(self, node: Node, target: str) -> None:
        self._node = node
        self._target = target
        self.vocabularies: dict[int, Vocabulary] = {}  # received so far, by version
        self.status: Status | None = None  # the newest
        self._statuses = 0  # received since the last request
        node.create_subscription(Vocabulary, f"{target}/vocabulary", self._keep_vocabulary, _LATCHED)
        node.create_subscription(Status, f"{target}/status", self._keep_status, _LATCHED)
        self._set = node.create_client(SetParameters, f"{target}/set_parameters")

    def wait(self, condition: Callable[[], object], seconds: float, otherwise: str) -> None:
        """Spin until `condition()` is true; ClientError with `otherwise` if it does not come true in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise ClientError(otherwise)
            rclpy.spin_once(self._node, timeout_sec=0.1)

    def get_status(self, seconds: float) -> Status:
        """The newest status; waits for the first, ClientError if none comes."""
        self.wait(lambda: self.status, seconds, f"{self._target} sent no status: does the node run?")
        assert self.status
        return self.status

    def get_vocabulary(self, seconds: float) -> Vocabulary:
        """Wait for the vocabulary that is live; ClientError if none comes."""
        self.wait(
            lambda: self.vocabularies, seconds, f"{self._target} sent no vocabulary: does the node run?"
        )
        return self.vocabularies[self._version]

    def set_vocabulary(self, entries: Sequence[str], seconds: float) -> Vocabulary:
        """Set the vocabulary and return it once it is live.

        Raises ClientError where it is refused or cannot be encoded, where the request of another client
        replaced it before it was live, and where it takes too long.
        """
        before = self.get_vocabulary(seconds).version
        missing = f"{self._target} does not answer: does the node run?"
        self.wait(self._set.service_is_ready, seconds, missing)
        request = SetParameters.Request()
        request.parameters = [Parameter("vocabulary", value=list(entries)).to_parameter_msg()]
        future = self._set.call_async(request)
        self.wait(future.done, seconds, missing)
        result = future.result().results[0]
        if not result.successful:
            raise ClientError(result.reason)
        self._statuses = 0
        self.wait(
            lambda: self._find(entries, before) or self._why_never(entries, before),
            seconds,
            f"the vocabulary was accepted, but is not live after {seconds:g} s: see the node's log",
        )
        if live := self._find(entries, before):
            return live
        raise ClientError(self._why_never(entries, before))

    @property
    def _version(self) -> int:
        return max(self.vocabularies)

    def _find(self, entries: Sequence[str], before: int) -> Vocabulary | None:
        """The vocabulary of these entries that went live after version `before`."""
        versions = [v for v, one in self.vocabularies.items() if v > before and one.entries == list(entries)]
        return self.vocabularies[max(versions)] if versions else None

    def _why_never(self, entries: Sequence[str], before: int) -> str:
        """Why these entries will not go live; empty while they still may."""
        # One status that the node sent before it took the request may still be under way.
        if self.status is None or self._statuses < 2 or self.status.vocabulary_version > self._version:
            return ""
        if self.status.vocabulary_entries != list(entries):
            others = ", ".join(self.status.vocabulary_entries)
            return f"another client replaced the vocabulary before it was live; it asked for: {others}"
        if self.status.vocabulary_state == Status.VOCABULARY_FAILED:
            return self.status.vocabulary_error
        return ""

    def _keep_vocabulary(self, message: Vocabulary) -> None:
        self.vocabularies[message.version] = message

    def _keep_status(self, message: Status) -> None:
        self.status = message
        self._statuses += 1
