"""The lifecycle node /eovseg: camera images in, open-vocabulary panoptic segmentation out."""

import dataclasses
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from lifecycle_msgs.msg import State
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.node.cameras.camera import Camera
from eovseg_ros.node.frame_worker import FrameWorker
from eovseg_ros.node.lifecycle_guard import GuardedLifecycleNode
from eovseg_ros.node.live_vocabulary import LiveVocabulary, VocabularySnapshot
from eovseg_ros.node.outputs.vocabulary_publisher import VocabularyPublisher
from eovseg_ros.node.parameters import NodeParameters, ParameterError
from eovseg_ros.node.predictor import Predictor
from eovseg_ros.node.reporting.node_status import NodeState, NodeStatus
from eovseg_ros.node.reporting.status_publisher import StatusPublisher
from eovseg_ros.node.requests.parameter_requests import ParameterRequests
from eovseg_ros.node.requests.vocabulary_reader import VocabularyReader
from eovseg_ros.node.requests.waiting import end_of
from eovseg_ros.node.services.node_services import NodeServices
from eovseg_ros.node.space.target_frame import TargetFrame
from eovseg_ros.node.startup.name_check import NameCheck


class PanopticNode(GuardedLifecycleNode):
    """Configuring loads the model, activating subscribes to images; the model runs in its own threads."""

    def __init__(
        self, load: Callable[[NodeParameters], Predictor], start_values: Mapping[str, object] | None = None
    ) -> None:
        given = [Parameter(name, value=value) for name, value in (start_values or {}).items()]
        super().__init__("eovseg", parameter_overrides=given)
        self._load = load
        self._predictor: Predictor | None = None
        self._vocabulary: LiveVocabulary | None = None
        self._announcer: VocabularyPublisher | None = None
        self._worker: FrameWorker | None = None
        self._target: TargetFrame | None = None
        self._known_cameras: dict[str, Camera] = {}  # also of former configurations
        self._last_version = 0
        self._vocabularies = VocabularyReader()
        self.parameters = NodeParameters.declare(self, self._vocabularies.parse)
        self.add_on_set_parameters_callback(self._validate_parameters)
        self.add_post_set_parameters_callback(self._apply_parameters)
        self._cameras = self._choose_cameras()
        requests = ParameterRequests(
            self, prepare=self._read_vocabulary, validate=self._validate_parameters, faults=self.faults
        )
        self._own_services = NodeServices(
            self,
            requests=requests,
            predictor=lambda: self._predictor,
            vocabulary=lambda: self._vocabulary,
            parameters=self._read_parameters,
        )
        self._name_check = NameCheck(self)
        self._status = StatusPublisher(self, read=self._read_status, rate=self.parameters.diagnostics_rate)

    async def run_transition(self, state: int) -> bool:
        """Run a transition; an error is logged, and the old state stays."""
        name, work, undo = {
            State.TRANSITION_STATE_CONFIGURING: ("configure", self._configure, self._cleanup),
            State.TRANSITION_STATE_ACTIVATING: ("activate", self._activate, self._deactivate),
            State.TRANSITION_STATE_DEACTIVATING: ("deactivate", self._deactivate, None),
            State.TRANSITION_STATE_CLEANINGUP: ("clean up", self._cleanup, None),
            State.TRANSITION_STATE_SHUTTINGDOWN: ("shut down", self._shutdown, None),
        }[state]
        try:
            await work()
        except Exception as error:
            self.get_logger().error(f"cannot {name}: {error}")
            if not isinstance(error, (ValueError, OSError)):
                self.get_logger().error(traceback.format_exc())
            if undo:
                await undo()
            return False
        return True

    async def start(self) -> bool:
        """Configure and activate; return False if that fails."""
        success = TransitionCallbackReturn.SUCCESS
        return await self.trigger_configure() == success and await self.trigger_activate() == success

    def stop(self, seconds: float) -> None:
        """Unsubscribe and wait up to `seconds` for the threads, in any state, before the process ends."""
        self._unsubscribe()
        self._own_services.close()
        if self._predictor:
            self._predictor.close()
        ends = [
            part for part in (self._worker and self._worker.stop, self._vocabulary and self._vocabulary.close)
        ]
        thread = threading.Thread(target=lambda: [end() for end in ends if end], daemon=True)
        thread.start()
        thread.join(seconds)

    async def _configure(self) -> None:
        """Load the model, encode the first vocabulary and create the publishers."""
        parameters = self.parameters
        await end_of(self._vocabularies.read(parameters.model_vocabulary), self)  # its files may have changed
        self.get_logger().info(f"loading variant '{parameters.variant}' ...")
        self._predictor = predictor = await self.in_background(lambda: self._load(parameters))
        entries = self.parameters.vocabulary
        self._vocabulary = await self.in_background(
            lambda: LiveVocabulary(
                predictor=predictor,
                entries=entries,
                version=self._last_version + 1,
                parse=self._parse_vocabulary,
                on_ready=self._use_vocabulary,
                on_error=self.get_logger().error,
            )
        )
        if self.parameters.vocabulary != entries:  # set meanwhile
            self._vocabulary.request(self.parameters.vocabulary)
        if parameters.target_frame:
            self._target = TargetFrame(self, parameters.target_frame)
        self._cameras = self._choose_cameras()
        for camera in self._cameras:
            camera.create_publishers(self, parameters)
        self._announcer = VocabularyPublisher(self)
        self._announcer.publish(self._vocabulary.snapshot)
        self._use_vocabulary()  # one that was set meanwhile
        self.get_logger().info(f"configured with {len(self._vocabulary.snapshot.labels)} classes")

    async def _activate(self) -> None:
        """Start the worker and subscribe to the cameras."""
        assert self._predictor and self._vocabulary and self._announcer
        self._worker = FrameWorker(
            streams={
                camera.name: camera.open_stream(self, self._read_parameters) for camera in self._cameras
            },
            predictor=self._predictor,
            vocabulary=self._vocabulary,
            announce=self._announce,
            parameters=self._read_parameters,
            logger=self.get_logger(),
            threads=self.parameters.parallel_frames,
        )
        for camera in self._cameras:
            camera.subscribe(self, self._worker.images, self._read_parameters, self._target)

    async def _deactivate(self) -> None:
        """Unsubscribe and end the worker after the frames in progress."""
        self._unsubscribe()
        worker, self._worker = self._worker, None
        if worker:
            await self.in_background(worker.stop)
            self._use_vocabulary()  # one that waited for the worker
        for camera in self._cameras:
            camera.close_stream()

    async def _cleanup(self) -> None:
        """Release the model and destroy the publishers."""
        vocabulary, announcer, predictor = self._vocabulary, self._announcer, self._predictor
        target = self._target
        self._vocabulary = self._announcer = self._predictor = self._target = None
        self._own_services.cancel()
        if predictor:
            predictor.close()
        if vocabulary:
            await self.in_background(vocabulary.close)
            self._last_version = vocabulary.snapshot.version
        for camera in self._cameras:
            camera.destroy_publishers()
        if announcer:
            announcer.close()
        if target:
            target.close()

    async def _shutdown(self) -> None:
        """Deactivate and clean up, as far as needed."""
        await self._deactivate()
        await self._cleanup()

    def _choose_cameras(self) -> list[Camera]:
        names = self.parameters.camera_names
        return [self._known_cameras.setdefault(name, Camera(name)) for name in names]

    def _unsubscribe(self) -> None:
        for camera in self._cameras:
            camera.unsubscribe()

    def _read_parameters(self) -> NodeParameters:
        return self.parameters

    def _announce(self, snapshot: VocabularySnapshot) -> None:
        if announcer := self._announcer:
            announcer.publish(snapshot)
            self.get_logger().info(f"vocabulary {snapshot.version} is live: {len(snapshot.labels)} classes")

    def _wake_worker(self) -> None:
        if worker := self._worker:
            worker.images.nudge()

    def _use_vocabulary(self) -> None:
        """Let the worker make an encoded vocabulary live; without a worker, do so here. In any thread."""
        vocabulary = self._vocabulary
        if self._worker:
            self._wake_worker()
        elif vocabulary and self._announcer and vocabulary.adopt():
            self._announce(vocabulary.snapshot)

    def _read_vocabulary(self, parameters: Sequence[Parameter]) -> Future[Vocabulary] | None:
        entries = self.parameters.requested_vocabulary({p.name: p.value for p in parameters})
        return None if entries is None else self._vocabularies.read(entries)

    def _validate_parameters(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        try:
            if self.lifecycle_state != State.PRIMARY_STATE_UNCONFIGURED:
                self.parameters.changed_at_run_time(parameters, self._vocabularies.parse)
            else:
                self.parameters.replaced({p.name: p.value for p in parameters}, self._vocabularies.parse)
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply_parameters(self, parameters: Sequence[Parameter]) -> None:
        values = {p.name: p.value for p in parameters}
        self.parameters = self.parameters.replaced(values, self._vocabularies.parse)
        if "vocabulary" in values and self._vocabulary:
            self._vocabulary.request(self.parameters.vocabulary)
        if "max_rate" in values:
            self._wake_worker()  # it may be waiting for the old rate
        if "diagnostics_rate" in values:
            self._status.set_rate(self.parameters.diagnostics_rate)

    def _parse_vocabulary(self, entries: Sequence[str]) -> Vocabulary:
        written = dataclasses.replace(self.parameters, vocabulary=tuple(entries))
        return self._vocabularies.parse(written.model_vocabulary)

    def _read_status(self) -> NodeStatus:
        predictor, vocabulary, worker = self._predictor, self._vocabulary, self._worker
        return NodeStatus(
            state=NodeState(self.lifecycle_state),
            device=str(predictor.device) if predictor else self.parameters.device,
            backend=predictor.backend_status if predictor else None,
            vocabulary=vocabulary.status if vocabulary else None,
            thread_error=worker.error if worker else "",
            cameras=tuple(camera.report() for camera in self._cameras),
        )
