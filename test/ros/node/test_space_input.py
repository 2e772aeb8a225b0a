"""The subscriptions to depth and calibration of a camera; test_node_depth has them in the node."""

from types import SimpleNamespace

import numpy as np
import pytest
import rclpy
from graph import BEST_EFFORT, LATCHED, RELIABLE
from rclpy.clock import ClockType
from rclpy.context import Context
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from eovseg_ros.messages import SpaceError, array_to_image
from eovseg_ros.node.inputs import paired_topic
from eovseg_ros.node.inputs.space_input import SpaceInput

K = [20.0, 0.0, 7.5, 0.0, 20.0, 5.5, 0.0, 0.0, 1.0]
SHAPE = (12, 16)


def header(seconds=1):
    message = Header(frame_id="camera")
    message.stamp.sec = seconds
    return message


def depth(seconds=1):
    return array_to_image(np.full(SHAPE, 1500, np.uint16), "16UC1", header(seconds))


def info():
    return CameraInfo(header=header(), width=16, height=12, k=K)


class Source:
    """A SpaceInput on a node of its own, whose clock is a stand-in."""

    def __init__(self, monkeypatch, prefix="", remappings=()):
        self.now, self.tolerance = 100.0, 0.05
        monkeypatch.setattr(paired_topic, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.context = Context()
        rules = [word for rule in remappings for word in ("-r", rule)]
        rclpy.init(args=["--ros-args", *rules], context=self.context)
        self.node = Node("eovseg", context=self.context)
        self.input = SpaceInput(
            self.node, prefix=prefix, tolerance=lambda: self.tolerance, rectified=False, target=None
        )

    @property
    def subscriptions(self):
        return {s.topic_name: s for s in self.node.subscriptions if s.msg_type in (Image, CameraInfo)}

    def receive(self, message):
        topic = self.input._depth if isinstance(message, Image) else self.input._camera_info
        topic._receive(message)

    def check_at(self, moment):
        self.now = moment
        self.input._check()

    def refusal(self, seconds=1):
        with pytest.raises(SpaceError) as error:
            self.input.expect(header(seconds)).space(SHAPE)
        return str(error.value)

    def close(self):
        self.node.destroy_node()
        self.context.shutdown()


@pytest.fixture
def source(monkeypatch):
    source = Source(monkeypatch)
    yield source
    source.close()


@pytest.mark.parametrize(
    ("prefix", "remappings", "topics"),
    [
        ("", [], ("/depth", "/camera_info")),
        ("", ["depth:=/cam/depth", "camera_info:=/cam/info"], ("/cam/depth", "/cam/info")),
        ("front/", [], ("/front/depth", "/front/camera_info")),
        ("front/", ["depth:=/cam/depth", "__ns:=/robot"], ("/robot/front/depth", "/robot/front/camera_info")),
        ("front/", ["front/depth:=/cam/depth"], ("/cam/depth", "/front/camera_info")),
    ],
)
def test_the_topics_of_a_camera(monkeypatch, prefix, remappings, topics):
    source = Source(monkeypatch, prefix, remappings)
    assert tuple(source.subscriptions) == topics and source.input.topic == topics[0]
    source.close()


def test_an_image_is_paired_with_what_arrived_before_and_after_it(source):
    source.receive(info())
    match = source.input.expect(header())
    source.receive(depth())
    assert match.space(SHAPE).depth[0, 0] == 1500 and source.input.expect(header()).space(SHAPE)


def test_the_tolerance_is_read_for_each_image(source):
    source.receive(info())
    source.receive(depth(2))
    assert "1.0 s from the image, more than depth_tolerance (0.05 s)" in source.refusal()
    source.tolerance = 1.0
    assert source.input.expect(header()).space(SHAPE)


def test_the_reason_of_a_silence_is_looked_for_after_two_seconds(source):
    remedy = "it has no publisher; start the camera, or remap '{}' to its topic"
    source.check_at(102.0)
    assert source.refusal() == "no depth image on /depth: none has arrived yet"
    source.check_at(201.0)
    assert source.refusal() == f"no depth image on /depth: {remedy.format('depth')}"
    source.receive(depth())
    assert source.refusal() == f"no camera_info on /camera_info: {remedy.format('camera_info')}"
    source.receive(info())
    assert source.input.expect(header()).space(SHAPE)
    assert "from the image" in source.refusal(9)  # depth arrives, but of another time
    source.check_at(203.0)
    assert "from the image" in source.refusal(9)
    source.check_at(203.2)
    assert source.refusal(9) == f"no depth image on /depth: {remedy.format('depth')}"


def test_another_type_is_named_with_the_topic_of_the_camera(monkeypatch, graph):
    source = Source(monkeypatch, "front/")
    graph.node.create_publisher(CameraInfo, "/front/depth", RELIABLE)
    topic = "/front/depth"
    graph.wait(lambda: [p.node_name for p in source.node.get_publishers_info_by_topic(topic)] == ["checker"])
    source.check_at(103.0)
    assert source.refusal() == (
        "no depth image on /front/depth: /checker publishes sensor_msgs/msg/CameraInfo, not "
        "sensor_msgs/msg/Image; remap 'front/depth' to a topic of images"
    )
    source.close()


def offered(source, topic):
    """What a subscription asks for, after it was matched."""
    source.input._check()
    qos = source.subscriptions[topic].qos_profile
    return qos.depth, qos.reliability.name, qos.durability.name


def test_depth_has_a_queue_and_adapts_to_its_publishers(source, graph):
    assert offered(source, "/depth") == (4, "BEST_EFFORT", "VOLATILE")
    graph.node.create_publisher(Image, "/depth", LATCHED)
    graph.wait(lambda: offered(source, "/depth") == (4, "RELIABLE", "VOLATILE"))
    graph.node.create_publisher(Image, "/depth", BEST_EFFORT)
    graph.wait(lambda: offered(source, "/depth") == (4, "BEST_EFFORT", "VOLATILE"))


def test_of_calibrations_the_newest_is_asked_for_and_a_latched_one(source, graph):
    assert offered(source, "/camera_info") == (1, "BEST_EFFORT", "VOLATILE")
    graph.node.create_publisher(CameraInfo, "/camera_info", LATCHED)
    graph.wait(lambda: offered(source, "/camera_info") == (1, "RELIABLE", "TRANSIENT_LOCAL"))


def test_publishers_are_checked_by_a_steady_clock_twice_a_second(source):
    """Under use_sim_time without /clock, ROS time stands still."""
    (timer,) = source.node.timers
    assert (timer.timer_period_ns, timer.clock.clock_type) == (500_000_000, ClockType.STEADY_TIME)


def test_nothing_is_received_or_checked_after_the_end(source):
    source.input.close()
    assert source.subscriptions == {} and list(source.node.timers) == []
