"""Conversion of the node's status to a message on /diagnostics."""

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from eovseg_model.backends import EngineStage
from eovseg_ros.node.reporting.node_status import NodeState, NodeStatus

_LONG_FRAME = 5.0  # seconds


def diagnostic_message(stamp: Time, name: str, status: NodeStatus) -> DiagnosticArray:
    """Return rates, timings, counters and errors; the level is that of the worst problem."""
    level, summary = _judge(status)
    frames, backend, vocabulary = status.frames, status.backend, status.vocabulary
    values = {
        "state": status.state.words,
        "input topic": status.image_topic,
        "rate in (Hz)": f"{frames.rate_in:.1f}",
        "rate out (Hz)": f"{frames.rate_out:.1f}",
        "received": frames.received,
        "published": frames.published,
        "dropped, replaced by a newer one": status.replaced,
        "lost before they arrived": status.lost,
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
        "overlays skipped, replaced by a newer one": status.skipped_overlays,
        "frame in progress for (s)": f"{status.frame_seconds:.1f}",
        "last image ago (s)": f"{frames.age:.1f}",
        "vocabulary version": vocabulary.version if vocabulary else 0,
        "vocabulary state": vocabulary.state.value if vocabulary else "",
        "backend": f"{backend} on {status.device}" if backend else "",
        "vocabulary error": vocabulary.error if vocabulary else "",
        "image error": status.image_error,
        "frame error": status.frame_error,
    }
    written = DiagnosticStatus(
        level=level,
        name=name,
        message=summary,
        hardware_id=status.device,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
    message = DiagnosticArray(status=[written])
    message.header.stamp = stamp
    return message


def _judge(status: NodeStatus) -> tuple[bytes, str]:
    """Return level and summary; errors before warnings."""
    vocabulary_error = status.vocabulary.error if status.vocabulary else ""
    if vocabulary_error or status.frame_error:
        return DiagnosticStatus.ERROR, vocabulary_error or status.frame_error
    if status.state is not NodeState.ACTIVE:
        return DiagnosticStatus.OK, status.state.words
    if status.frame_seconds > _LONG_FRAME:
        return DiagnosticStatus.WARN, f"frame in progress for {status.frame_seconds:.0f} s"
    if status.silence:
        return DiagnosticStatus.WARN, f"no images on {status.image_topic}: {status.silence}"
    if status.image_error:
        return DiagnosticStatus.WARN, f"images are skipped: {status.image_error}"
    if status.backend and status.backend.stage is EngineStage.FAILED:
        return DiagnosticStatus.WARN, f"backend {status.backend}"
    return DiagnosticStatus.OK, f"{status.frames.rate_out:.1f} frames/s"
