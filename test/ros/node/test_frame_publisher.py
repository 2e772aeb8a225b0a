"""What is published to whom, with stand-ins for ROS's publishers."""

import numpy as np
import pytest
from fake_node import Segment
from stand_in_node import StandInNode
from std_msgs.msg import Header

from eovseg_ros.messages.segmented_frame import SegmentedFrame
from eovseg_ros.node.outputs.frame_publisher import FramePublisher

FRAME = SegmentedFrame(
    header=Header(frame_id="camera"),
    rgb=np.zeros((4, 6, 3), np.uint8),
    panoptic=np.full((4, 6), 1, np.uint16),
    segments=[Segment(1, 0, "cup", True, 0.5)],
    vocabulary_version=1,
    class_count=1,
)


@pytest.mark.parametrize("wanted", [None, "~/panoptic", "~/semantic", "~/segments"])
def test_a_frame_goes_to_the_topics_that_have_a_subscriber_and_to_no_other(wanted):
    node = StandInNode()
    publisher = FramePublisher(node, overlay=True)
    if wanted:
        node.publishers[wanted].subscribers = 1
    publisher.publish_frame(FRAME, points_stride=2)
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
