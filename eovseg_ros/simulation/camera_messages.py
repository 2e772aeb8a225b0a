"""Conversions from frames of a simulated or recorded camera, and their ground truth, to messages."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from eovseg_model.simulation import CATALOG
from eovseg_ros.messages import FrameSpace, SegmentedFrame, array_to_image, camera_model, segments_message
from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.simulation.camera_frame import CameraFrame

FRAME_ID = "camera_optical_frame"


@dataclass(frozen=True)
class _LabelledSegment:
    id: int
    class_id: int  # index into the simulation's catalog of names
    label: str
    is_thing: bool
    score: float = 1.0
    track_id: int = 0


class FrameMessages:
    """The messages of a frame, named as in camera_node.CameraTopics; each is made at its first use.

    All have the same header object, so that a new stamp in it is that of all.
    """

    def __init__(self, frame: CameraFrame, size: tuple[int, int]) -> None:
        self._frame = frame
        self._size = size  # width and height, known without an image
        self.header = Header(frame_id=FRAME_ID)

    @cached_property
    def image(self) -> Image:
        """The image, rgb8."""
        return array_to_image(self._frame.rgb, "rgb8", self.header)

    @cached_property
    def camera_info(self) -> CameraInfo:
        """A pinhole camera without distortion."""
        frame = self._frame
        return CameraInfo(
            header=self.header,
            width=self._size[0],
            height=self._size[1],
            distortion_model="plumb_bob",
            d=[0.0] * 5,
            k=[frame.fx, 0.0, frame.cx, 0.0, frame.fy, frame.cy, 0.0, 0.0, 1.0],
            r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            p=[frame.fx, 0.0, frame.cx, 0.0, 0.0, frame.fy, frame.cy, 0.0, 0.0, 0.0, 1.0, 0.0],
        )

    @cached_property
    def depth(self) -> Image:
        """The depth in metres, 32FC1."""
        return array_to_image(self._frame.depth, "32FC1", self.header)

    @cached_property
    def true_panoptic(self) -> Image:
        """The ids of the true segments, 0 for void, 16UC1."""
        return array_to_image(self._frame.segment_ids.astype(np.uint16), "16UC1", self.header)

    @cached_property
    def true_segments(self) -> PanopticSegmentation:
        """The true segments, with positions; their class is an index into the simulation's catalog."""
        frame = self._frame
        truth = SegmentedFrame(
            header=self.header,
            rgb=frame.rgb,
            panoptic=frame.segment_ids.astype(np.uint16),
            segments=[
                _LabelledSegment(s.id, CATALOG.index(s.label), s.label, s.is_thing) for s in frame.segments
            ],
            vocabulary_version=0,
            class_count=len(CATALOG),
            space=FrameSpace(frame.depth, camera_model(self.camera_info, rectified=False), FRAME_ID),
        )
        return segments_message(truth)
