"""A snapshot of one camera's status."""

from dataclasses import dataclass

from eovseg_ros.node.reporting.frame_statistics import FrameReport


@dataclass(frozen=True, kw_only=True)
class CameraReport:
    """Topics, counters and errors of a camera; topics are empty unless the node is active."""

    name: str  # empty for the only, unnamed camera
    image_topic: str
    depth_topic: str  # empty without depth, too
    silence: str  # why no image has come for some seconds, empty while they come
    lost: int  # images published but not received, estimated from gaps in their stamps
    frames: FrameReport
    replaced: int  # images dropped for newer ones
    image_error: str  # why the last image could not be read
    depth_error: str  # why the last frame has no space
    frame_error: str  # why the last frame or its overlay failed
    frame_seconds: float  # processing time so far of the oldest frame in progress, 0 without one
    skipped_overlays: int  # frames that were replaced by newer ones before their overlay was drawn
