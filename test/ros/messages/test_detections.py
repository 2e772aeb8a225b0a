"""Things as detections, by the messages of vision_msgs if that is installed, else by a stand-in."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from space_frames import HEADER, frame, segment
from vision_stand_in import stand_in_modules

from eovseg_model.geometry import Box
from eovseg_ros.messages import detection_types, detections_3d_message, detections_message

INSTALLED = importlib.util.find_spec("vision_msgs") is not None
DEPTH = np.ones((3, 4), np.float32)
# Axes of the box: its first one is the frame's y, its second one the frame's -x.
BOX = Box(
    np.array([0.5, 1.0, 2.0]), np.array([0.4, 0.2, 0.8]), np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
)
SEGMENTS = [
    segment(1, "floor", is_thing=False, track_id=1),
    segment(2, "mug", track_id=2**32 - 1, score=0.75),
    segment(5, "spoon", track_id=3),  # covered by the others: no pixel
    segment(9, "ball"),
]


@pytest.fixture(params=["vision_msgs" if INSTALLED else "stand-in for vision_msgs"], autouse=True)
def vision_msgs(request, monkeypatch):
    if not INSTALLED:
        for name, module in stand_in_modules().items():
            monkeypatch.setitem(sys.modules, name, module)


def with_boxes(boxes, **space):
    given = frame(DEPTH, segments=SEGMENTS, **space)
    given.__dict__["geometry"] = {number: SimpleNamespace(box=box) for number, box in boxes.items()}
    return given


def check_serialization(message):
    """The real messages check the types of their fields when they are serialized."""
    if INSTALLED:
        sent = serialize_message(message)
        assert serialize_message(deserialize_message(sent, type(message))) == sent


def test_things_in_the_image():
    message = detections_message(frame(DEPTH, segments=SEGMENTS))
    assert isinstance(message, detection_types().in_image)
    assert message.header == HEADER
    mug, ball = message.detections
    assert (mug.header, ball.header) == (HEADER, HEADER)
    # The mug covers columns 1 and 2 of rows 0 and 1: from (1, 0) to (3, 2), pixel edges.
    center, theta = mug.bbox.center.position, mug.bbox.center.theta
    assert (center.x, center.y, theta, mug.bbox.size_x, mug.bbox.size_y) == (2.0, 1.0, 0.0, 2.0, 2.0)
    center = ball.bbox.center.position  # the last pixel of the second row
    assert (center.x, center.y, ball.bbox.size_x, ball.bbox.size_y) == (3.5, 1.5, 1.0, 1.0)
    assert (mug.id, ball.id) == ("4294967295", "")
    assert [(r.hypothesis.class_id, r.hypothesis.score) for r in mug.results] == [("mug", 0.75)]
    assert [(r.hypothesis.class_id, r.hypothesis.score) for r in ball.results] == [("ball", 0.5)]
    check_serialization(message)


def test_things_in_space():
    message = detections_3d_message(with_boxes({1: BOX, 2: BOX}, frame_id="map"))
    assert isinstance(message, detection_types().in_space)
    (mug,) = message.detections
    for header in (message.header, mug.header):
        assert (header.frame_id, header.stamp) == ("map", HEADER.stamp)
    pose, size = mug.bbox.center, mug.bbox.size
    assert (pose.position.x, pose.position.y, pose.position.z) == (0.5, 1.0, 2.0)
    turn = (pose.orientation.x, pose.orientation.y, pose.orientation.z, pose.orientation.w)
    assert turn == pytest.approx((0.0, 0.0, 0.5**0.5, 0.5**0.5))  # a quarter about z
    assert (size.x, size.y, size.z) == (0.4, 0.2, 0.8)
    assert mug.id == "4294967295"
    (result,) = mug.results
    assert (result.hypothesis.class_id, result.hypothesis.score) == ("mug", 0.75)
    assert result.pose.pose == pose
    check_serialization(message)


def test_frames_without_things():
    empty = frame(DEPTH, segments=SEGMENTS[:1])
    for message in (detections_message(empty), detections_3d_message(empty)):
        assert (message.header, message.detections) == (HEADER, [])
        check_serialization(message)


def test_detections_in_the_image_need_no_depth():
    flat = frame(DEPTH, segments=SEGMENTS)
    object.__setattr__(flat, "space", None)
    assert [detection.id for detection in detections_message(flat).detections] == ["4294967295", ""]


def test_without_vision_msgs_there_are_no_such_topics(monkeypatch):
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", None)
    assert detection_types() is None
