"""Conversions from frames of a simulated or recorded camera, and their ground truth, to messages."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from eovseg_model.inference import measure_regions
from eovseg_model.simulation import CATALOG, Frame, TrueSegment
from eovseg_ros.messages import array_to_image, panoptic_segmentation
from eovseg_ros.msg import PanopticSegmentation

FRAME_ID = "camera_optical_frame"
FrameMessages = tuple[Image, CameraInfo, Image, Image, PanopticSegmentation]


@dataclass(frozen=True)
class _LabelledSegment:
    id: int
    class_id: int  # index into the simulation's catalog of names
    label: str
    is_thing: bool
    score: float = 1.0
    track_id: int = 0


def frame_messages(frame: Frame, header: Header) -> FrameMessages:
    """Return image, camera info, depth, true panoptic image and true segments of a frame."""
    height, width = frame.depth.shape
    return (
        array_to_image(frame.rgb, "rgb8", header),
        camera_info(header, width, height, (frame.fx, frame.fy, frame.cx, frame.cy)),
        array_to_image(frame.depth, "32FC1", header),
        true_panoptic_image(frame.segment_ids, header),
        true_segments_message(frame.segment_ids, frame.segments, header),
    )


def true_panoptic_image(segment_ids: np.ndarray, header: Header) -> Image:
    """Return (H, W) true segment ids, 0 for void, as a 16UC1 image."""
    return array_to_image(segment_ids.astype(np.uint16), "16UC1", header)


def true_segments_message(
    segment_ids: np.ndarray, segments: Sequence[TrueSegment], header: Header
) -> PanopticSegmentation:
    """Return the true segments of (H, W) ids; their class is an index into the simulation's catalog."""
    labelled = [_LabelledSegment(s.id, CATALOG.index(s.label), s.label, s.is_thing) for s in segments]
    return panoptic_segmentation(header, segment_ids.shape, labelled, measure_regions(segment_ids), 0)


def camera_info(
    header: Header, width: int, height: int, intrinsics: tuple[float, float, float, float]
) -> CameraInfo:
    """Return a pinhole camera without distortion from fx, fy, cx, cy in pixels."""
    fx, fy, cx, cy = intrinsics
    return CameraInfo(
        header=header,
        height=height,
        width=width,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )
