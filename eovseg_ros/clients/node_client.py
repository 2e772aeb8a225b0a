"""A running node seen from another process: its vocabulary, and a way to change it."""

import time
from collections.abc import Callable, Sequence

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile

from eovseg_ros.msg import Vocabulary


class ClientError(RuntimeError):
    """The node is not there, refused, or did not answer in time; the text says which and what to look at."""


class NodeClient:
    """Talk to the node named `target` by the callbacks of `node`, which this spins while it waits."""

    def __init__(self, node: Node, target: str) -> None:
        self._node = node
        self._target = target
        self._failures: list[str] = []  # told since the node took the vocabulary
        self.vocabularies: dict[int, Vocabulary] = {}  # seen so far, by version
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        node.create_subscription(Vocabulary, f"{target}/vocabulary", self._keep_vocabulary, latched)
        node.create_subscription(DiagnosticArray, "/diagnostics", self._keep_failure, 10)
        self._set = node.create_client(SetParameters, f"{target}/set_parameters")

    def wait(self, condition: Callable[[], object], seconds: float, otherwise: str) -> None:
        """Spin until `condition()` is true; ClientError with `otherwise` if it does not come true in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise ClientError(otherwise)
            rclpy.spin_once(self._node, timeout_sec=0.1)

    def get_vocabulary(self, seconds: float) -> Vocabulary:
        """Wait for the vocabulary that is live; ClientError if none comes."""
        self.wait(
            lambda: self.vocabularies, seconds, f"{self._target} told no vocabulary: does the node run?"
        )
        return self.vocabularies[self._version]

    def set_vocabulary(self, entries: Sequence[str], seconds: float) -> Vocabulary:
        """Set the vocabulary and return it once it is live; ClientError with the reason otherwise."""
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
        # One report that the node sent before it took this vocabulary may still be under way.
        self._failures.clear()
        self.wait(
            lambda: len(self._failures) > 1 or self._version > before,
            seconds,
            f"the vocabulary was accepted, but is not live after {seconds:g} s: see the node's log",
        )
        if self._version == before:
            raise ClientError(self._failures[-1])
        return self.vocabularies[self._version]

    @property
    def _version(self) -> int:
        return max(self.vocabularies)

    def _keep_vocabulary(self, message: Vocabulary) -> None:
        self.vocabularies[message.version] = message

    def _keep_failure(self, message: DiagnosticArray) -> None:
        """Note that the encoding of the last vocabulary failed."""
        for status in message.status:
            values = {value.key: value.value for value in status.values}
            if status.name.startswith(f"{self._target}:") and values.get("vocabulary state") == "failed":
                self._failures.append(values["vocabulary error"])
