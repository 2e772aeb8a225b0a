"""A client that reads the status of a running node and calls its services."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import rclpy
from rclpy.client import Client
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool

from eovseg_ros.msg import Status, Vocabulary
from eovseg_ros.srv import SegmentImage, SetVocabulary

_LATCHED = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_MOST_VOCABULARIES = 32  # for clients that run for long


class ClientError(RuntimeError):
    """Raised if the node is missing, refuses a request or does not answer in time; the message says which."""


class NodeClient:
    """Communicates with the node named `target` through `node`, and spins `node` while it waits."""

    def __init__(self, node: Node, target: str) -> None:
        self._node = node
        self._target = target
        self.vocabularies: dict[int, Vocabulary] = {}  # the newest that were received, by version
        self.status: Status | None = None  # the newest
        node.create_subscription(Vocabulary, f"{target}/vocabulary", self._keep_vocabulary, _LATCHED)
        node.create_subscription(Status, f"{target}/status", self._keep_status, _LATCHED)
        self._set_vocabulary = node.create_client(SetVocabulary, f"{target}/set_vocabulary")
        self._segment = node.create_client(SegmentImage, f"{target}/segment")
        self._enable = node.create_client(SetBool, f"{target}/enable")

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
        late = f"the vocabulary is not live after {seconds:g} s: see the node's log"
        answer = self._call(self._set_vocabulary, SetVocabulary.Request(entries=list(entries)), seconds, late)
        if not answer.success:
            raise ClientError(answer.message)
        self.wait(lambda: self.vocabularies and self._version >= answer.version, seconds, late)
        if answer.version not in self.vocabularies:
            raise ClientError(
                f"another client has replaced the vocabulary, which was live as {answer.version}"
            )
        return self.vocabularies[answer.version]

    def segment(self, image: Image, vocabulary: Sequence[str], seconds: float) -> SegmentImage.Response:
        """Segment an image apart from the stream, with the live vocabulary if `vocabulary` is empty.

        Raises ClientError if the node refuses the image or takes longer than `seconds`.
        """
        request = SegmentImage.Request(image=image, vocabulary=list(vocabulary))
        answer = self._call(self._segment, request, seconds)
        if not answer.success:
            raise ClientError(answer.message)
        return answer

    def enable(self, wanted: bool, seconds: float) -> str:
        """Activate the node, or deactivate it; return what it says. Raises ClientError if it refuses."""
        answer = self._call(self._enable, SetBool.Request(data=wanted), seconds)
        if not answer.success:
            raise ClientError(answer.message)
        return str(answer.message)

    def _call(self, service: Client, request: Any, seconds: float, late: str = "") -> Any:
        name = service.srv_name
        missing = f"there is no service {name}: is the node running, and of the same version as this program?"
        self.wait(service.service_is_ready, seconds, missing)
        future = service.call_async(request)
        try:
            self.wait(
                future.done, seconds, late or f"no answer of {name} within {seconds:g} s: see the node's log"
            )
        finally:
            service.remove_pending_request(future)
        return future.result()

    @property
    def _version(self) -> int:
        return max(self.vocabularies)

    def _keep_vocabulary(self, message: Vocabulary) -> None:
        if self.vocabularies and message.version < self._version:
            self.vocabularies.clear()  # the node was started again
        self.vocabularies[message.version] = message
        if len(self.vocabularies) > _MOST_VOCABULARIES:
            del self.vocabularies[min(self.vocabularies)]

    def _keep_status(self, message: Status) -> None:
        self.status = message
