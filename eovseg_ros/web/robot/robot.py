"""The node as the console sees it."""

import asyncio
import threading
import time
from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_srvs.srv import SetBool

from eovseg_ros.msg import Status, Vocabulary
from eovseg_ros.srv import SetVocabulary
from eovseg_ros.web.robot.camera_view import CameraView
from eovseg_ros.web.robot.history import History
from eovseg_ros.web.robot.node_state import LONGEST_PERIOD, NodeState, camera_of, judge
from eovseg_ros.web.robot.service_calls import RequestFailed, call
from eovseg_ros.web.robot.settings import SLIDERS
from eovseg_ros.web.robot.vocabulary_editor import Entries, VocabularyEditor
from eovseg_ros.web.robot.watched_topic import Source, WatchedTopic

_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_TEND_PERIOD = 0.2  # seconds
_ENCODING_SECONDS = 3600.0  # thousands of names take minutes; a node that ends is noticed earlier
_LOADING_SECONDS = 600.0


class Robot:
    """Follows the node `target` while somebody watches, and passes changes on to it.

    `node` is spun by another thread. Coroutines belong to one event loop.
    """

    def __init__(self, node: Node, target: str) -> None:
        self.name = target
        self._node = node
        self._received = self._stamp = 0.0  # times of the newest status: monotonic clock, its own stamp
        self._period = LONGEST_PERIOD  # seconds between the last two
        self._hints: dict[str, str] = {}  # summary of the diagnostics by camera
        self._views: dict[str, CameraView] = {}
        self._lock = threading.Lock()  # of _views
        self.history = History()
        status, vocabulary = f"{target}/status", f"{target}/vocabulary"
        self._status: WatchedTopic[Status] = WatchedTopic(
            node, lambda: Source(Status, status, _LATCHED), self._keep_status
        )
        self._vocabulary: WatchedTopic[Vocabulary] = WatchedTopic(
            node, lambda: Source(Vocabulary, vocabulary, _LATCHED)
        )
        diagnostics = Source(DiagnosticArray, "/diagnostics", QoSProfile(depth=10))
        self._diagnostics: WatchedTopic[DiagnosticArray] = WatchedTopic(
            node, lambda: diagnostics, self._keep_hints
        )
        self.editor = VocabularyEditor(lambda: self.vocabulary, self._send_vocabulary)
        self._set_vocabulary = node.create_client(SetVocabulary, f"{target}/set_vocabulary")
        self._enable = node.create_client(SetBool, f"{target}/enable")
        self._change_state = node.create_client(ChangeState, f"{target}/change_state")
        self._get = node.create_client(GetParameters, f"{target}/get_parameters")
        self._set = node.create_client(SetParameters, f"{target}/set_parameters")
        node.create_timer(_TEND_PERIOD, self._tend)

    def watch(self) -> None:
        """Keep status, vocabulary and diagnostics coming for some seconds."""
        for topic in (self._status, self._vocabulary, self._diagnostics):
            topic.watch()

    async def wait_for_status(self, seconds: float) -> None:
        """Wait until there is a status, at most for this time."""
        await self._status.messages.after(0, seconds)

    @property
    def subscriptions(self) -> int:
        """Number of topics that are subscribed to now."""
        return sum(topic.subscribed for topic in self._topics())

    @property
    def status(self) -> Status | None:
        """The newest status."""
        newest = self._status.messages.newest
        return newest.value if newest else None

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The live vocabulary."""
        newest = self._vocabulary.messages.newest
        return newest.value if newest else None

    @property
    def camera_names(self) -> list[str]:
        """Names of the node's cameras; one empty name for the only, unnamed camera."""
        status = self.status
        return [camera.name for camera in status.cameras] if status else []

    def state(self, camera: str) -> NodeState:
        """Return what the node is doing."""
        return judge(
            self.name,
            publishers=self._node.count_publishers(f"{self.name}/status"),
            status=self.status,
            age=time.monotonic() - self._received,
            period=self._period,
            camera=camera,
            hint=self._hints.get(camera, ""),
        )

    def camera(self, name: str) -> CameraView | None:
        """Return the view of a camera; None if the node has none with this name."""
        if name not in self.camera_names:
            return None
        with self._lock:
            if name not in self._views:
                self._views[name] = CameraView(
                    self._node,
                    self.name,
                    f"{name}/" if name else "",
                    image_topic=lambda: self._image_topic(name),
                    vocabulary=lambda: self.vocabulary,
                )
            return self._views[name]

    async def activate(self) -> None:
        """Activate the node, and configure it before if necessary. Raises RequestFailed."""
        status = self.status
        if status and status.state == Status.STATE_UNCONFIGURED:
            request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CONFIGURE))
            answer = await call(self._node, self._change_state, request, seconds=_LOADING_SECONDS)
            if not answer.success:
                raise RequestFailed("the node could not be configured: see its log")
        answer = await call(self._node, self._enable, SetBool.Request(data=True), seconds=60.0)
        if not answer.success:
            raise RequestFailed(answer.message)

    async def read_settings(self) -> dict[str, float]:
        """Return the values of the parameters in `SLIDERS`. Raises RequestFailed."""
        names = [slider.name for slider in SLIDERS]
        answer = await call(self._node, self._get, GetParameters.Request(names=names))
        return {
            name: value.double_value
            for name, value in zip(names, answer.values, strict=False)
            if value.type == ParameterType.PARAMETER_DOUBLE
        }

    async def change_setting(self, name: str, value: float) -> None:
        """Set a parameter. Raises RequestFailed with the node's words if it refuses."""
        request = SetParameters.Request(parameters=[Parameter(name, value=float(value)).to_parameter_msg()])
        answer = await call(self._node, self._set, request)
        if not answer.results[0].successful:
            raise RequestFailed(answer.results[0].reason)

    async def _send_vocabulary(self, entries: Entries) -> int:
        request = SetVocabulary.Request(entries=list(entries))
        answer = await call(self._node, self._set_vocabulary, request, seconds=_ENCODING_SECONDS)
        if not answer.success:
            raise RequestFailed(answer.message)
        # The answer may overtake the topic: the browser must not show the old entries in between.
        for _ in range(50):
            if (live := self.vocabulary) and live.version >= answer.version:
                break
            await asyncio.sleep(0.02)
        return answer.version

    def _image_topic(self, name: str) -> str:
        camera = camera_of(self.status, name)
        return camera.image_topic if camera else ""

    def _topics(self) -> Sequence[WatchedTopic]:
        with self._lock:
            views = tuple(self._views.values())
        return (
            self._status,
            self._vocabulary,
            self._diagnostics,
            *(topic for view in views for topic in view.topics),
        )

    def _tend(self) -> None:
        for topic in self._topics():
            topic.tend()

    def _keep_status(self, status: Status) -> None:
        self._received = time.monotonic()
        # By the stamps: the first status is an old one that arrives just before the next.
        stamp = status.header.stamp.sec + status.header.stamp.nanosec / 1e9
        self._period = min(max(stamp - self._stamp, 0.0), LONGEST_PERIOD)
        self._stamp = stamp
        self.history.add(status)

    def _keep_hints(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.startswith(f"{self.name}: segmentation"):
                camera = status.name.removeprefix(f"{self.name}: segmentation").removeprefix(" of ")
                self._hints[camera] = status.message if status.level != status.OK else ""
