"""A subscription follows what the publishers offer, over real DDS in one process."""

import time

import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo

from eovseg_ros.node.inputs.matched_subscription import MatchedSubscription

OFFERS = {
    "reliable": QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE),
    "best effort": QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT),
    "latched": QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
    "latched, best effort": QoSProfile(
        depth=1,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
        reliability=ReliabilityPolicy.BEST_EFFORT,
    ),
}


def subscribe(graph, **settings):
    """A subscription to /camera_info and what it receives."""
    received = []
    subscription = MatchedSubscription(graph.node, CameraInfo, "camera_info", received.append, **settings)
    return subscription, received


def publish(graph, *offers):
    return [graph.node.create_publisher(CameraInfo, "/camera_info", OFFERS[offer]) for offer in offers]


def match(graph, subscription, count):
    """Let the subscription see all publishers, as its owner's timer does; its QoS in words."""
    graph.wait(lambda: len(subscription.match()) == count)
    return f"{subscription.qos.reliability.name}, {subscription.qos.durability.name}"


@pytest.mark.parametrize(
    ("offers", "latched", "expected"),
    [
        (["reliable"], False, "RELIABLE, VOLATILE"),
        (["best effort"], False, "BEST_EFFORT, VOLATILE"),
        (["reliable", "best effort"], False, "BEST_EFFORT, VOLATILE"),
        (["latched"], False, "RELIABLE, VOLATILE"),
        ([], True, "BEST_EFFORT, VOLATILE"),
        (["reliable"], True, "RELIABLE, VOLATILE"),
        (["best effort"], True, "BEST_EFFORT, VOLATILE"),
        (["latched"], True, "RELIABLE, TRANSIENT_LOCAL"),
        (["latched", "latched"], True, "RELIABLE, TRANSIENT_LOCAL"),
        (["latched", "reliable"], True, "RELIABLE, VOLATILE"),
        (["latched, best effort"], True, "BEST_EFFORT, VOLATILE"),
        (["latched", "best effort"], True, "BEST_EFFORT, VOLATILE"),
    ],
)
def test_messages_of_all_publishers_arrive_whatever_they_offer(graph, offers, latched, expected):
    subscription, received = subscribe(graph, **({"latched": True} if latched else {}))
    publishers = publish(graph, *offers)
    assert match(graph, subscription, len(offers)) == expected
    for width, publisher in enumerate(publishers, 1):

        def arrived(width=width, publisher=publisher):
            publisher.publish(CameraInfo(width=width))
            time.sleep(0.02)
            return any(message.width == width for message in received)

        graph.wait(arrived, what=f"a message from {offers[width - 1]}")


def test_what_a_latched_publisher_sent_before_is_received(graph):
    (publisher,) = publish(graph, "latched")
    publisher.publish(CameraInfo(width=7))
    subscription, received = subscribe(graph, latched=True)
    match(graph, subscription, 1)
    graph.wait(lambda: [message.width for message in received] == [7])


def test_a_changed_publisher_is_followed_and_told(graph):
    subscription, received = subscribe(graph)
    log = []
    graph.node.get_logger = lambda: type("Log", (), {"info": staticmethod(log.append)})
    (first,) = publish(graph, "reliable")
    assert match(graph, subscription, 1) == "RELIABLE, VOLATILE"
    publish(graph, "best effort")
    assert match(graph, subscription, 2) == "BEST_EFFORT, VOLATILE"
    match(graph, subscription, 2)
    words = "listening to /camera_info with {}, as its publishers offer"
    assert log == [words.format("RELIABLE"), words.format("BEST_EFFORT")]
    assert len([s for s in graph.node.subscriptions if s.topic_name == "/camera_info"]) == 1


def test_the_queue_has_the_depth_that_is_asked_for_and_nothing_is_left_after_the_end(graph):
    subscription, _ = subscribe(graph, depth=4)
    publish(graph, "reliable")
    match(graph, subscription, 1)
    assert subscription.qos.depth == 4 and subscription.topic == "/camera_info"
    subscription.close()
    assert [s for s in graph.node.subscriptions if s.topic_name == "/camera_info"] == []


def test_the_topic_has_its_name_after_the_end_too(graph):
    """Frames that are finished while the node deactivates still name it."""
    subscription, _ = subscribe(graph)
    subscription.close()
    assert subscription.topic == "/camera_info"
