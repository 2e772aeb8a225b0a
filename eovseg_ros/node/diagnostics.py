"""The node's state as one message on /diagnostics."""

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from eovseg_ros.node.engine_watch import engine_stage
from eovseg_ros.node.frame_statistics import FrameReport


def diagnostic_message(
    *,
    stamp: Time,
    name: str,
    state: str,
    device: str,
    backend: str,
    topic: str,
    silent: bool,
    report: FrameReport,
    replaced: int,
    vocabulary_version: int,
    vocabulary_state: str,
    vocabulary_error: str,
    image_error: str,
    frame_error: str,
) -> DiagnosticArray:
    """Write rates, timings, counters and errors; the level is the worst of what is going on."""
    level, summary = DiagnosticStatus.OK, f"{report.rate_out:.1f} frames/s"
    if state != "active":
        summary = state
    elif silent:
        level, summary = DiagnosticStatus.WARN, f"no images on {topic}"
    elif image_error:
        level, summary = DiagnosticStatus.WARN, f"images are skipped: {image_error}"
    elif engine_stage(backend) == "failed":
        level, summary = DiagnosticStatus.WARN, f"backend {backend}"
    for error in (frame_error, vocabulary_error):
        if error:
            level, summary = DiagnosticStatus.ERROR, error
    values = {
        "state": state,
        "input topic": topic,
        "rate in (Hz)": f"{report.rate_in:.1f}",
        "rate out (Hz)": f"{report.rate_out:.1f}",
        "received": report.received,
        "published": report.published,
        "dropped, replaced by a newer one": replaced,
        "bad images": report.bad,
        "failed frames": report.failed,
        "latency, median (ms)": f"{report.latency_ms:.1f}",
        "model time, median (ms)": f"{report.model_ms:.1f}",
        "ROS path, median (ms)": f"{report.ros_path_ms:.1f}",
        "of it waiting, median (ms)": f"{report.waiting_ms:.1f}",
        "overlay drawing, median (ms)": f"{report.overlay_ms:.1f}",
        "last image ago (s)": f"{report.age:.1f}",
        "vocabulary version": vocabulary_version,
        "vocabulary state": vocabulary_state,
        "backend": f"{backend} on {device}" if backend else "",
        "vocabulary error": vocabulary_error,
        "image error": image_error,
        "frame error": frame_error,
    }
    status = DiagnosticStatus(
        level=level,
        name=name,
        message=summary,
        hardware_id=device,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
    message = DiagnosticArray(status=[status])
    message.header.stamp = stamp
    return message
