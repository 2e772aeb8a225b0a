"""Where the node listens for images, by what is remapped."""

import time
from types import SimpleNamespace

import cv2
import pytest
import rclpy
from builtin_interfaces.msg import Time
from graph import squares, stamp_of
from rclpy.clock import ClockType
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.node.inputs import image_input
from eovseg_ros.node.inputs.image_input import ImageInput

BASE = "image:=/cam/image_raw"


def topic_with(transport, remappings, prefix=""):
    """The topic that a node listens to."""
    context = Context()
    rclpy.init(args=["--ros-args", *(word for rule in remappings for word in ("-r", rule))], context=context)
    node = Node("eovseg", context=context)
    image_input = ImageInput(node, transport=transport, on_image=lambda *_: None, prefix=prefix)
    try:
        (subscription,) = (s for s in node.subscriptions if "Image" in s.msg_type.__name__)
        assert image_input.topic == subscription.topic_name
        return image_input.topic
    finally:
        image_input.close()
        node.destroy_node()
        context.shutdown()


@pytest.mark.parametrize(
    ("remappings", "topic"),
    [
        ([], "/image/compressed"),
        ([BASE], "/cam/image_raw/compressed"),
        (["image:=cam"], "/cam/compressed"),
        (["image:=~/in"], "/eovseg/in/compressed"),
        ([BASE, "__ns:=/left"], "/cam/image_raw/compressed"),
        (["__ns:=/left"], "/left/image/compressed"),
        (["image/compressed:=/jpeg"], "/jpeg"),
        ([BASE, "image/compressed:=/jpeg"], "/jpeg"),
        ([BASE, "image/compressed:=/jpeg", "jpeg:=/other"], "/jpeg"),  # a name is remapped once
        ([BASE, "/cam/image_raw/compressed:=/jpeg"], "/jpeg"),
        ([BASE, "image/compressed:=/cam/image_raw/compressed"], "/cam/image_raw/compressed"),
    ],
)
def test_compressed_images_are_looked_for_below_the_remapped_topic(remappings, topic):
    assert topic_with("compressed", remappings) == topic


@pytest.mark.parametrize(
    ("remappings", "topic"),
    [([], "/image"), ([BASE], "/cam/image_raw"), (["image/compressed:=/jpeg"], "/image")],
)
def test_raw_images_come_from_the_remapped_topic(remappings, topic):
    assert topic_with("raw", remappings) == topic


@pytest.mark.parametrize(
    ("transport", "remappings", "topic"),
    [
        ("raw", [], "/front/image"),
        ("raw", ["image:=/cam/image_raw"], "/front/image"),  # of the unnamed camera
        ("raw", ["front/image:=/cam/image_raw"], "/cam/image_raw"),
        ("raw", ["__ns:=/robot"], "/robot/front/image"),
        ("compressed", [], "/front/image/compressed"),
        ("compressed", ["front/image:=/cam/image_raw"], "/cam/image_raw/compressed"),
        ("compressed", ["front/image/compressed:=/jpeg"], "/jpeg"),
        ("compressed", ["image:=/cam/image_raw", "image/compressed:=/jpeg"], "/front/image/compressed"),
    ],
)
def test_a_named_camera_has_topics_below_its_name(transport, remappings, topic):
    assert topic_with(transport, remappings, prefix="front/") == topic


class Source:
    """An ImageInput on a node of its own, whose clock, log and publishers are stand-ins."""

    def __init__(self, monkeypatch, prefix=""):
        self.now, self.publishers, self.log, self.received = 100.0, [], [], []
        monkeypatch.setattr(image_input, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.context = Context()
        rclpy.init(context=self.context)
        self.node = Node("eovseg", context=self.context)
        logger = SimpleNamespace(
            warning=lambda text: self.log.append(("warning", text)),
            info=lambda text: self.log.append(("info", text)),
        )
        monkeypatch.setattr(self.node, "get_logger", lambda: logger)
        monkeypatch.setattr(self.node, "get_publishers_info_by_topic", lambda topic: self.publishers)
        self.input = ImageInput(
            self.node,
            transport="raw",
            on_image=lambda message, moment: self.received.append(moment),
            prefix=prefix,
        )

    @property
    def subscriptions(self):
        return [s for s in self.node.subscriptions if s.topic_name == "/image"]

    def check_at(self, moment):
        self.now = moment
        self.input._check()

    def receive_at(self, moment, stamp=0.0):
        self.now = moment
        nanoseconds = round(stamp * 1e9)
        message = Image()
        message.header.stamp = Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)
        self.input._receive(message)


def publisher(reliability=ReliabilityPolicy.RELIABLE):
    return SimpleNamespace(
        node_name="camera",
        node_namespace="/",
        topic_type="sensor_msgs/msg/Image",
        qos_profile=QoSProfile(depth=1, reliability=reliability),
    )


@pytest.fixture
def source(monkeypatch):
    source = Source(monkeypatch)
    yield source
    source.node.destroy_node()
    source.context.shutdown()


NO_PUBLISHER = "it has no publisher; start the camera, or remap 'image' to its topic"


def test_five_seconds_without_an_image_are_told_once_for_each_reason(source):
    source.receive_at(101.0)
    for i in range(11):
        source.check_at(101.0 + i / 2)
    assert source.log == [] and source.input.silence == ""
    for i in range(11, 14):
        source.check_at(101.0 + i / 2)
    assert source.input.silence == NO_PUBLISHER
    assert source.log == [("warning", f"no image for 5 s on /image: {NO_PUBLISHER}")]
    source.publishers = [publisher(ReliabilityPolicy.BEST_EFFORT)]
    source.check_at(108.0)
    source.check_at(108.5)
    assert len(source.log) == 2 and "/camera (BEST_EFFORT, VOLATILE) publishes nothing" in source.log[1][1]
    source.receive_at(108.6)
    assert source.input.silence == "" and source.log[2:] == [("info", "images arrive on /image")]
    source.receive_at(108.7)
    assert source.received == [101.0, 108.6, 108.7] and len(source.log) == 3


@pytest.fixture
def front(monkeypatch):
    source = Source(monkeypatch, "front/")
    yield source
    source.node.destroy_node()
    source.context.shutdown()


def test_what_is_said_of_a_named_camera_names_its_topic(front):
    front.check_at(100.5)
    for i in range(12):
        front.check_at(100.5 + i / 2)
    reason = "it has no publisher; start the camera, or remap 'front/image' to its topic"
    assert front.input.silence == reason
    assert front.log == [("warning", f"no image for 5 s on /front/image: {reason}")]


def test_an_executor_that_was_busy_is_no_silent_camera(source):
    """Checks come every half second; the images of the time in between are still to be received."""
    source.check_at(100.5)
    source.check_at(103.0)  # 2 s late
    assert source.log == []
    source.check_at(105.75)  # 2.25 s late
    warning = "the node received nothing for 2.2 s: it was busy itself"
    assert source.log == [("warning", warning)] and source.input.silence == ""
    for i in range(12):  # images would have been late by 2.25 s since 100: until 107.25
        source.check_at(105.75 + i / 8)
        assert source.input.silence == ""
    source.check_at(107.5)
    assert source.input.silence == NO_PUBLISHER
    source.check_at(200.0)  # not later than now
    source.check_at(204.75)
    assert source.log[-1] == ("warning", "the node received nothing for 4.2 s: it was busy itself")


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ([], "BEST_EFFORT"),
        (["RELIABLE"], "RELIABLE"),
        (["BEST_EFFORT"], "BEST_EFFORT"),
        (["RELIABLE", "RELIABLE"], "RELIABLE"),
        (["RELIABLE", "BEST_EFFORT"], "BEST_EFFORT"),
        (["SYSTEM_DEFAULT"], "BEST_EFFORT"),
    ],
)
def test_the_subscription_asks_for_what_all_publishers_offer(source, offers, expected):
    source.publishers = [publisher(ReliabilityPolicy[offer]) for offer in offers]
    (before,) = source.subscriptions
    source.check_at(100.5)
    (after,) = source.subscriptions
    assert (after.qos_profile.reliability.name, after.qos_profile.depth) == (expected, 1)
    if expected == "BEST_EFFORT":
        assert after is before and source.log == []
    else:
        assert source.log == [("info", "listening to /image with RELIABLE, as its publishers offer")]
        source.check_at(101.0)
        assert source.subscriptions == [after] and len(source.log) == 1


def receive_thirds(source):
    """Two windows of 30 intervals of which every other one misses an image: 15 of 45 each."""
    stamp = 0.0
    for i in range(61):
        source.receive_at(100.0 + i / 100, stamp)
        stamp += 0.1 * (1 + i % 2)


def test_lost_images_of_one_camera_are_counted_and_told_once(source):
    source.publishers = [publisher(ReliabilityPolicy.BEST_EFFORT)]
    source.check_at(100.5)
    receive_thirds(source)
    assert source.input.lost == 30
    source.check_at(101.0)
    source.check_at(101.5)
    ((level, text),) = source.log
    assert level == "warning"
    assert text.startswith("about 33% of the images on /image are lost: their stamps have gaps")


def test_the_stamps_of_two_cameras_are_not_compared(source):
    source.publishers = [publisher(ReliabilityPolicy.BEST_EFFORT)] * 2
    source.check_at(100.5)
    receive_thirds(source)
    source.check_at(101.0)
    assert source.input.lost == 0 and source.log == [] and len(source.received) == 61


def test_nothing_is_received_or_checked_after_the_end(source):
    timers = len(list(source.node.timers))
    source.input.close()
    assert source.subscriptions == [] and len(list(source.node.timers)) == timers - 1


def test_silence_is_checked_by_a_steady_clock_twice_a_second(source):
    """Under use_sim_time without /clock, ROS time stands still."""
    (timer,) = source.node.timers
    assert (timer.timer_period_ns, timer.clock.clock_type) == (500_000_000, ClockType.STEADY_TIME)


def test_a_compressed_image_below_the_remapped_topic_is_segmented(graph, start):
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    node = start(
        "fake_node", parameters={"image_transport": "compressed"}, remappings={"image": "/cam/image_raw"}
    )
    node.wait_for_log("segmenting /cam/image_raw/compressed", 20)
    publisher = graph.node.create_publisher(CompressedImage, "/cam/image_raw/compressed", 1)
    graph.wait_for_subscribers(publisher)
    message = CompressedImage(header=graph.picture(squares((1, 0))).header, format="png")
    message.data = cv2.imencode(".png", squares((1, 0))[:, :, ::-1])[1].tobytes()

    def published():
        publisher.publish(message)  # again: the subscription is made anew as it learns the publisher's QoS
        time.sleep(0.05)
        return segments

    assert stamp_of(graph.wait(published)[0]) == stamp_of(message)
