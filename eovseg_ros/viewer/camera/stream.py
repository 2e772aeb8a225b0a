"""One camera of the node: its topics in, its entities out."""

import math
from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from eovseg_model.geometry import CameraModel, GeometryError
from eovseg_ros.messages import ImageError, camera_model
from eovseg_ros.msg import CameraStatus, PanopticSegmentation, Vocabulary
from eovseg_ros.viewer import entities
from eovseg_ros.viewer.camera.frame_match import Frame, FrameMatch
from eovseg_ros.viewer.camera.images import CameraImages
from eovseg_ros.viewer.camera.pose import CameraPose
from eovseg_ros.viewer.paths import Paths
from eovseg_ros.viewer.recorder import Recorder
from eovseg_ros.viewer.stamps import stamp_of

# The node publishes in this way, and waits for no subscriber; the oldest are dropped.
_RESULTS = QoSProfile(depth=2, reliability=ReliabilityPolicy.RELIABLE)
_NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class CameraStream:
    """Subscribes to the topics of a camera and logs what arrives.

    Args:
        camera: Name from the parameter cameras; empty for the only, unnamed camera.
        vocabulary: Returns the vocabulary with a version; None if it has not been received.
        warn: Called with every error of a message.
    """

    def __init__(
        self,
        node: Node,
        target: str,
        camera: str,
        recorder: Recorder,
        *,
        vocabulary: Callable[[int], Vocabulary | None],
        warn: Callable[[str], None],
    ) -> None:
        self.paths = Paths(camera)
        self._node = node
        self._recorder = recorder
        self._vocabulary = vocabulary
        self._warn = warn
        self._match = FrameMatch()
        self._named: Vocabulary | None = None  # the vocabulary whose names are logged
        self._info: CameraInfo | None = None  # the newest that is to be logged
        self._camera: CameraModel | None = None  # that is logged
        self._position_frame = ""  # of the last frame
        self._pose = CameraPose(node)
        self._prefix = f"{target}/{camera}/" if camera else f"{target}/"
        self._images = CameraImages(node, self._take_image, self._take_info)
        self._points: Subscription | None = None
        for kind, name, take in (
            (PanopticSegmentation, "segments", self._take_segments),
            (Image, "semantic", self._take_semantic),
        ):
            node.create_subscription(kind, self._prefix + name, take, _RESULTS)
        for path, names in ((self.paths.rate, entities.RATES), (self.paths.latency, entities.LATENCIES)):
            recorder.log_static(path, _series(names))

    def take_status(self, status: CameraStatus, stamp: int) -> None:
        """Log rates and latencies, and subscribe to what the camera has."""
        self._images.follow(status.image_topic)
        if status.depth_topic and self._points is None:
            self._points = self._node.create_subscription(
                PointCloud2, self._prefix + "points", self._take_points, _NEWEST
            )
        if status.image_topic:  # else the node is not active
            self._recorder.log(stamp, self.paths.rate, entities.rates(status))
            if math.isfinite(status.latency_p99):
                self._recorder.log(stamp, self.paths.latency, entities.latencies(status))

    def _take_image(self, message: Any) -> None:
        self._log_frames(self._match.add_image(message))

    def _take_segments(self, message: PanopticSegmentation) -> None:
        self._log_frames(self._match.add_segments(message))

    def _take_semantic(self, message: Image) -> None:
        self._log_frames(self._match.add_semantic(message))

    def _take_info(self, message: CameraInfo) -> None:
        self._info = message

    def _take_points(self, message: PointCloud2) -> None:
        try:
            self._recorder.log(stamp_of(message), self.paths.points, entities.cloud(message))
        except ValueError as error:
            self._warn(f"{self._prefix}points: {error}")

    def _log_frames(self, frames: list[Frame]) -> None:
        for frame in frames:
            self._log_frame(frame)

    def _log_frame(self, frame: Frame) -> None:
        stamp, segments = stamp_of(frame.segments), frame.segments.segments
        self._log_names(stamp, frame.segments.vocabulary_version)
        self._log_camera(stamp, frame.segments)
        self._log_picture(stamp, frame.image)
        try:
            self._recorder.log(stamp, self.paths.labels, entities.labels(frame.semantic))
        except ImageError as error:
            self._warn(f"{self._prefix}semantic: {error}")
        self._recorder.log(stamp, self.paths.boxes, entities.boxes_in_image(segments))
        if frame.segments.position_frame:
            self._recorder.log(stamp, self.paths.boxes_in_space, entities.boxes_in_space(segments))
        elif self._position_frame:
            self._clear_space(stamp)

    def _log_names(self, stamp: int, version: int) -> None:
        vocabulary = self._vocabulary(version)
        if vocabulary is not None and vocabulary is not self._named:
            self._named = vocabulary
            self._recorder.log(stamp, self.paths.root, entities.class_names(vocabulary))

    def _log_camera(self, stamp: int, message: PanopticSegmentation) -> None:
        if self._info is not None:
            self._log_calibration(stamp, self._info)
            self._info = None
        if message.position_frame:
            self._log_axes(message)
            pose, reason = self._pose.find(message)
            if reason:
                self._warn(reason)
            if pose is not None:
                self._recorder.log(stamp, self.paths.pose, pose)

    def _log_calibration(self, stamp: int, message: CameraInfo) -> None:
        try:
            camera = camera_model(message, rectified=False)
        except GeometryError as error:
            self._warn(f"camera_info of {self.paths.root}: {error}")
            return
        if camera is not self._camera:  # the same object for the same calibration
            self._camera = camera
            self._recorder.log(stamp, self.paths.image, entities.pinhole(camera))

    def _log_axes(self, message: PanopticSegmentation) -> None:
        import rerun as rr

        if message.position_frame != self._position_frame:
            self._position_frame = message.position_frame
            of_camera = message.position_frame == message.header.frame_id
            axes = rr.ViewCoordinates.RDF if of_camera else rr.ViewCoordinates.RIGHT_HAND_Z_UP
            self._recorder.log_static(self.paths.root, axes)

    def _clear_space(self, stamp: int) -> None:
        """Show no space from a frame without depth on."""
        import rerun as rr

        self._position_frame = ""
        for path in (self.paths.boxes_in_space, self.paths.points):
            self._recorder.log(stamp, path, rr.Clear(recursive=False))

    def _log_picture(self, stamp: int, message: Any | None) -> None:
        import rerun as rr

        try:
            if message is not None:
                self._recorder.log(stamp, self.paths.picture, entities.picture(message))
                return
        except ImageError as error:
            self._warn(f"image of {self.paths.root}: {error}")
        # An earlier picture would not fit these labels.
        self._recorder.log(stamp, self.paths.picture, rr.Clear(recursive=False))


def _series(names: tuple[str, ...]) -> Any:
    import rerun as rr

    return rr.SeriesLines(names=list(names))
