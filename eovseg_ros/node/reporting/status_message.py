"""Conversion of the node's status to eovseg_ros/Status."""

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from eovseg_ros.messages import write_backend_status
from eovseg_ros.msg import CameraStatus, Status
from eovseg_ros.node.live_vocabulary import VocabularyState
from eovseg_ros.node.reporting.camera_report import CameraReport
from eovseg_ros.node.reporting.node_status import NodeStatus

_VOCABULARY_STATES = {
    VocabularyState.LIVE: Status.VOCABULARY_LIVE,
    VocabularyState.ENCODING: Status.VOCABULARY_ENCODING,
    VocabularyState.FAILED: Status.VOCABULARY_FAILED,
}


def status_message(stamp: Time, status: NodeStatus) -> Status:
    """Return a message with all fields set."""
    message = Status(
        header=Header(stamp=stamp),
        state=status.state.value,
        device=status.device,
        cameras=[_camera_status(camera) for camera in status.cameras],
        thread_error=status.thread_error,
    )
    if status.backend:
        write_backend_status(message, status.backend)
    if status.vocabulary:
        message.vocabulary_version = status.vocabulary.version
        message.vocabulary_state = _VOCABULARY_STATES[status.vocabulary.state]
        message.vocabulary_entries = list(status.vocabulary.requested)
        message.vocabulary_error = status.vocabulary.error
    return message


def _camera_status(camera: CameraReport) -> CameraStatus:
    frames = camera.frames
    return CameraStatus(
        name=camera.name,
        image_topic=camera.image_topic,
        depth_topic=camera.depth_topic,
        rate_in=frames.rate_in,
        rate_out=frames.rate_out,
        received=frames.received,
        published=frames.published,
        replaced=camera.replaced,
        lost=camera.lost,
        bad_images=frames.bad,
        failed_frames=frames.failed,
        frames_with_depth=frames.with_depth,
        frames_without_depth=frames.without_depth,
        image_age=frames.age,
        latency_p50=frames.latency_p50_ms,
        latency_p90=frames.latency_p90_ms,
        latency_p99=frames.latency_p99_ms,
        model_time=frames.model_ms,
        ros_path_time=frames.ros_path_ms,
        waiting_time=frames.waiting_ms,
        overlay_time=frames.overlay_ms,
        image_error=camera.image_error,
        depth_error=camera.depth_error,
        frame_error=camera.frame_error,
    )
