"""Messages of the node as text."""

from eovseg_model.drawing import segment_title
from eovseg_ros.messages import read_backend_status
from eovseg_ros.msg import CameraStatus, PanopticSegmentation, Status, Vocabulary

_STATES = {
    Status.STATE_UNCONFIGURED: "unconfigured",
    Status.STATE_INACTIVE: "inactive",
    Status.STATE_ACTIVE: "active",
    Status.STATE_FINALIZED: "finalized",
    Status.STATE_CONFIGURING: "configuring",
    Status.STATE_CLEANING_UP: "cleaning up",
    Status.STATE_SHUTTING_DOWN: "shutting down",
    Status.STATE_ACTIVATING: "activating",
    Status.STATE_DEACTIVATING: "deactivating",
}
_VOCABULARY_STATES = {
    Status.VOCABULARY_NONE: "none",
    Status.VOCABULARY_LIVE: "live",
    Status.VOCABULARY_ENCODING: "the next one is being encoded",
    Status.VOCABULARY_FAILED: "the next one failed",
}


def describe_vocabulary(vocabulary: Vocabulary) -> str:
    """Return a line with the version and a line per class."""
    lines = [f"version {vocabulary.version}, {len(vocabulary.labels)} classes:"]
    for i, (label, is_thing) in enumerate(zip(vocabulary.labels, vocabulary.is_thing, strict=True)):
        lines.append(f"{i:5d}  {label}{'' if is_thing else '  (stuff)'}")
    return "\n".join(lines)


def describe_segments(message: PanopticSegmentation) -> str:
    """Return a line with stamp, vocabulary version, number of segments, and their names by size."""
    stamp = message.header.stamp.sec + message.header.stamp.nanosec / 1e9
    ordered = sorted(message.segments, key=lambda s: -s.pixel_area)
    names = ", ".join(f"{segment_title(s)} {s.score:.0%}" for s in ordered)
    return f"{stamp:17.3f}  {message.vocabulary_version:7d}  {len(ordered):8d}  {names}"


def describe_status(s: Status) -> str:
    """Return a line each for state, images, rates, latency, depth, backend, vocabulary and errors."""
    lines = {"state": _STATES.get(s.state, f"lifecycle state {s.state}")}
    for camera in s.cameras:
        described = _describe_camera(camera, active=s.state == Status.STATE_ACTIVE)
        lines |= {f"{camera.name} {title}".strip(): text for title, text in described.items()}
    if backend := read_backend_status(s):
        lines["backend"] = str(backend)
        lines["device"] = s.device
        lines["vocabulary"] = f"version {s.vocabulary_version}, {_VOCABULARY_STATES[s.vocabulary_state]}"
    lines["vocabulary error"] = s.vocabulary_error
    lines["thread error"] = s.thread_error
    shown = {f"{name}:": text for name, text in lines.items() if text}
    width = max(18, *(len(name) + 1 for name in shown))
    return "\n".join(f"{name:{width}}{text}" for name, text in shown.items())


def _describe_camera(s: CameraStatus, active: bool) -> dict[str, str]:
    lines = {}
    if active:
        lines["images"] = (
            f"{s.image_topic}, last {s.image_age:.1f} s ago: {s.received} received, {s.published} published, "
            f"{s.replaced} replaced by newer ones, {s.bad_images} unreadable, {s.failed_frames} failed"
        )
        lines["rate"] = f"{s.rate_in:.1f} Hz in, {s.rate_out:.1f} Hz out"
        lines["latency"] = (
            f"p50 {s.latency_p50:.1f} ms, p90 {s.latency_p90:.1f} ms, p99 {s.latency_p99:.1f} ms; medians: "
            f"model {s.model_time:.1f} ms, ROS path {s.ros_path_time:.1f} ms "
            f"(waiting {s.waiting_time:.1f} ms), overlay {s.overlay_time:.1f} ms"
        )
    if s.depth_topic:
        lines["depth"] = (
            f"{s.depth_topic}: {s.frames_with_depth} frames with depth, {s.frames_without_depth} without"
        )
    return lines | {
        "image error": s.image_error,
        "depth error": s.depth_error,
        "frame error": s.frame_error,
    }
