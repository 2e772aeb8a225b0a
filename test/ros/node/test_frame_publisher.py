"""What is published to whom, with stand-ins for ROS's publishers."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from fake_node import Segment
from stand_in_node import StandInNode
from std_msgs.msg import Header

from eovseg_model.geometry import CameraModel
from eovseg_ros.messages import FrameSpace
from eovseg_ros.messages.segmented_frame import SegmentedFrame
from eovseg_ros.node.outputs import space_publisher
from eovseg_ros.node.outputs.frame_publisher import FramePublisher

FRAME = SegmentedFrame(
    header=Header(frame_id="camera"),
    rgb=np.zeros((4, 6, 3), np.uint8),
    panoptic=np.full((4, 6), 1, np.uint16),
    segments=[Segment(1, 0, "cup", True, 0.5)],
    vocabulary_version=1,
    class_count=1,
)


K = (6.0, 0.0, 2.5, 0.0, 6.0, 1.5, 0.0, 0.0, 1.0)
SPACE = FrameSpace(np.ones((4, 6), np.float32), CameraModel(width=6, height=4, k=K), "camera")
TOPICS = ["~/panoptic", "~/semantic", "~/segments", "~/points", "~/markers"]


@pytest.mark.parametrize("wanted", [None, *TOPICS])
def test_a_frame_goes_to_the_topics_that_have_a_subscriber_and_to_no_other(wanted):
    node = StandInNode()
    publisher = FramePublisher(node, overlay=True, use_depth=True)
    if wanted:
        node.publishers[wanted].subscribers = 1
    publisher.publish_frame(dataclasses.replace(FRAME, space=SPACE), points_stride=2)
    counts = {topic: len(p.messages) for topic, p in node.publishers.items() if p.messages}
    assert counts == ({wanted: 1} if wanted else {})


@pytest.mark.parametrize(("offered", "subscribers"), [(True, 0), (True, 1), (False, 0)])
def test_an_overlay_is_wanted_where_it_is_offered_and_has_a_subscriber(offered, subscribers):
    node = StandInNode()
    publisher = FramePublisher(node, overlay=offered)
    assert ("~/overlay" in node.publishers) == offered
    if offered:
        node.publishers["~/overlay"].subscribers = subscribers
    assert publisher.overlay_wanted == bool(subscribers)


def test_without_depth_there_are_no_topics_of_space_and_without_vision_msgs_no_detections():
    node = StandInNode()
    FramePublisher(node, overlay=True)
    assert node.publishers.keys() == {"~/panoptic", "~/semantic", "~/segments", "~/overlay"}


def test_a_frame_without_space_has_neither_points_nor_markers():
    node = StandInNode()
    publisher = FramePublisher(node, overlay=True, use_depth=True)
    for topic in TOPICS:
        node.publishers[topic].subscribers = 1
    publisher.publish_frame(FRAME, points_stride=1)
    assert {topic for topic in TOPICS if node.publishers[topic].messages} == set(TOPICS[:3])
    (message,) = node.publishers["~/segments"].messages
    assert message.position_frame == "" and not message.segments[0].has_position


def test_the_topics_of_a_camera_with_a_name():
    node = StandInNode()
    publisher = FramePublisher(node, prefix="front/", overlay=True, use_depth=True)
    node.publishers["~/front/points"].subscribers = node.publishers["~/front/segments"].subscribers = 1
    publisher.publish_frame(dataclasses.replace(FRAME, space=SPACE), points_stride=3)
    (cloud,) = node.publishers["~/front/points"].messages
    assert (cloud.width, cloud.header.frame_id) == (2 * 2, "camera")  # rows 0 and 3, columns 0 and 3
    (message,) = node.publishers["~/front/segments"].messages
    assert message.segments[0].has_position and message.segments[0].position.z == 1.0
    assert all("~/front/" in topic for topic in node.publishers)


def test_detections_where_vision_msgs_is_installed(monkeypatch):
    types = SimpleNamespace(in_image="2d", in_space="3d")
    monkeypatch.setattr(space_publisher, "detection_types", lambda: (types.in_image, types.in_space))
    monkeypatch.setattr(space_publisher, "detections_message", lambda frame: "in the image")
    monkeypatch.setattr(space_publisher, "detections_3d_message", lambda frame: "in space")
    node = StandInNode()
    publisher = FramePublisher(node, overlay=False, use_depth=True)
    for topic in ("~/detections", "~/detections_3d"):
        node.publishers[topic].subscribers = 1
    publisher.publish_frame(FRAME, points_stride=1)
    publisher.publish_frame(dataclasses.replace(FRAME, space=SPACE), points_stride=1)
    assert node.publishers["~/detections"].messages == ["in the image"] * 2
    assert node.publishers["~/detections_3d"].messages == ["in space"]
