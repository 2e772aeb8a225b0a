"""Frames of 4x3 pixels with depth, small enough to compute by hand."""

from types import SimpleNamespace

import numpy as np
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from eovseg_model.geometry import CameraModel
from eovseg_ros.messages import FrameSpace, SegmentedFrame

HEADER = Header(stamp=Time(sec=12, nanosec=34), frame_id="camera_optical_frame")
# Rays: x is -0.5, 0, 0.5, 1 in columns 0 to 3; y is -0.5, 0, 0.5 in rows 0 to 2.
CAMERA = CameraModel(width=4, height=3, k=(2, 0, 1, 0, 2, 1, 0, 0, 1))
PANOPTIC = np.array(
    [
        [0, 2, 2, 0],
        [0, 2, 2, 9],
        [1, 1, 1, 1],
    ],
    np.uint16,
)
RGB = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
# The camera is at (10, 20, 30) of the map and looks along its x axis: forward is x, right is -y, down is -z.
MAP_FROM_CAMERA = np.array(
    [[0.0, 0.0, 1.0, 10.0], [-1.0, 0.0, 0.0, 20.0], [0.0, -1.0, 0.0, 30.0], [0.0, 0.0, 0.0, 1.0]]
)


def segment(number, label, *, is_thing=True, class_id=0, track_id=0, score=0.5):
    return SimpleNamespace(
        id=number, class_id=class_id, label=label, is_thing=is_thing, score=score, track_id=track_id
    )


SEGMENTS = [
    segment(1, "floor", class_id=4, is_thing=False, track_id=1),
    segment(2, "mug", class_id=299, track_id=7),
    segment(9, "ball", class_id=0, track_id=2**32 - 1),
]


def frame(depth, *, camera=CAMERA, frame_id="camera_optical_frame", target=None, segments=SEGMENTS):
    return SegmentedFrame(
        header=HEADER,
        rgb=RGB,
        panoptic=PANOPTIC,
        segments=segments,
        vocabulary_version=1,
        class_count=300,
        space=FrameSpace(depth, camera, frame_id, target),
    )
