"""A client that reads the status of a running node and reads or changes its vocabulary."""

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
    """Raised if the node is missing, refuses a request or does not answer in time; the message says which."""


class NodeClient:
    """Communicates with the node named `target` through `node`, and spins `node` while it waits."""

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
        """Spin until `condition()` is true. Raises ClientError(otherwise) after `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise ClientError(otherwise)
            rclpy.spin_once(self._node, timeout_sec=0.1)

    def get_status(self, seconds: float) -> Status:
        """Return the newest status; wait for the first. Raises ClientError if there is none in time."""
        self.wait(lambda: self.status, seconds, f"no status from {self._target}: is the node running?")
        assert self.status
        return self.status

    def get_vocabulary(self, seconds: float) -> Vocabulary:
        """Return the live vocabulary; wait for the first. Raises ClientError if there is none in time."""
        self.wait(
            lambda: self.vocabularies, seconds, f"no vocabulary from {self._target}: is the node running?"
        )
        return self.vocabularies[self._version]

    def set_vocabulary(self, entries: Sequence[str], seconds: float) -> Vocabulary:
        """Set the vocabulary and return it once it is live.

        Raises ClientError if the node refuses it, cannot encode it or takes longer than `seconds`, or if
        another client replaces it before it is live.
        """
        before = self.get_vocabulary(seconds).version
        missing = f"{self._target} does not answer: is the node running?"
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
        """Return the vocabulary with these entries that went live after version `before`, or None."""
        versions = [v for v, one in self.vocabularies.items() if v > before and one.entries == list(entries)]
        return self.vocabularies[max(versions)] if versions else None

    def _why_never(self, entries: Sequence[str], before: int) -> str:
        """Return why these entries will not go live; empty while they still may."""
        # A status that the node sent before it received the request may still arrive.
        if self.status is None or self._statuses < 2 or self.status.vocabulary_version > self._version:
            return ""
        if self.status.vocabulary_entries != list(entries):
            others = ", ".join(self.status.vocabulary_entries)
            return f"another client replaced the vocabulary before it was live; it requested: {others}"
        if self.status.vocabulary_state == Status.VOCABULARY_FAILED:
            return self.status.vocabulary_error
        return ""

    def _keep_vocabulary(self, message: Vocabulary) -> None:
        self.vocabularies[message.version] = message

    def _keep_status(self, message: Status) -> None:
        self.status = message
        self._statuses += 1
