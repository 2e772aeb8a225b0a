"""Conversion of the node's status to a message on /diagnostics."""

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from eovseg_model.backends import EngineStage
from eovseg_ros.node.reporting.camera_report import CameraReport
from eovseg_ros.node.reporting.node_status import NodeState, NodeStatus

_LONG_FRAME = 5.0  # seconds


def diagnostic_message(stamp: Time, name: str, status: NodeStatus) -> DiagnosticArray:
    """Return an entry for each camera, with the level of its worst problem; `name` is that of the node."""
    message = DiagnosticArray(status=[_entry(name, status, camera) for camera in status.cameras])
    message.header.stamp = stamp
    return message


def _entry(name: str, status: NodeStatus, camera: CameraReport) -> DiagnosticStatus:
    level, summary = _judge(status, camera)
    frames, backend, vocabulary = camera.frames, status.backend, status.vocabulary
    values = {
        "state": status.state.words,
        "input topic": camera.image_topic,
        "depth topic": camera.depth_topic,
        "rate in (Hz)": f"{frames.rate_in:.1f}",
        "rate out (Hz)": f"{frames.rate_out:.1f}",
        "received": frames.received,
        "published": frames.published,
        "published with depth": frames.with_depth,
        "published without depth": frames.without_depth,
        "dropped, replaced by a newer one": camera.replaced,
        "lost before they arrived": camera.lost,
        "bad images": frames.bad,
        "failed frames": frames.failed,
        "latency, median (ms)": f"{frames.latency_p50_ms:.1f}",
        "latency, 90th percentile (ms)": f"{frames.latency_p90_ms:.1f}",
        "latency, 99th percentile (ms)": f"{frames.latency_p99_ms:.1f}",
        "model time, median (ms)": f"{frames.model_ms:.1f}",
        "ROS path, median (ms)": f"{frames.ros_path_ms:.1f}",
        "of it waiting, median (ms)": f"{frames.waiting_ms:.1f}",
        "overlay drawing, median (ms)": f"{frames.overlay_ms:.1f}",
        "overlays drawn": frames.drawn,
        "overlays skipped, replaced by a newer one": camera.skipped_overlays,
        "frame in progress for (s)": f"{camera.frame_seconds:.1f}",
        "last image ago (s)": f"{frames.age:.1f}",
        "vocabulary version": vocabulary.version if vocabulary else 0,
        "vocabulary state": vocabulary.state.value if vocabulary else "",
        "backend": f"{backend} on {status.device}" if backend else "",
        "vocabulary error": vocabulary.error if vocabulary else "",
        "image error": camera.image_error,
        "depth error": camera.depth_error,
        "frame error": camera.frame_error,
        "thread error": status.thread_error,
    }
    return DiagnosticStatus(
        level=level,
        name=f"{name}: segmentation of {camera.name}" if camera.name else f"{name}: segmentation",
        message=summary,
        hardware_id=status.device,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )


def _judge(status: NodeStatus, camera: CameraReport) -> tuple[bytes, str]:
    """Return level and summary; errors before warnings."""
    vocabulary_error = status.vocabulary.error if status.vocabulary else ""
    if error := vocabulary_error or status.thread_error or camera.frame_error:
        return DiagnosticStatus.ERROR, error
    if status.state is not NodeState.ACTIVE:
        return DiagnosticStatus.OK, status.state.words
    if camera.frame_seconds > _LONG_FRAME:
        return DiagnosticStatus.WARN, f"frame in progress for {camera.frame_seconds:.0f} s"
    if camera.silence:
        return DiagnosticStatus.WARN, f"no images on {camera.image_topic}: {camera.silence}"
    if camera.image_error:
        return DiagnosticStatus.WARN, f"images are skipped: {camera.image_error}"
    if camera.depth_error:
        return DiagnosticStatus.WARN, f"no positions: {camera.depth_error}"
    if status.backend and status.backend.stage is EngineStage.FAILED:
        return DiagnosticStatus.WARN, f"backend {status.backend}"
    return DiagnosticStatus.OK, f"{camera.frames.rate_out:.1f} frames/s"
