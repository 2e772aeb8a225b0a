"""Positions in a frame of tf2, with a stand-in for tf2_ros (tf2_stand_in/): PyPI does not have it."""

import sys
from pathlib import Path

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header

from eovseg_ros.messages import SpaceError
from eovseg_ros.node.space.target_frame import TargetFrame

STAND_IN = Path(__file__).parents[1] / "tf2_stand_in"
LATCHED = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
HALF = 0.5**0.5
# Columns are the axes of the camera (right, down, forward) in those of a robot (forward, left, up).
OPTICAL = np.array([[0, 0, 1], [-1, 0, 0], [0, -1, 0]])


def stamp(seconds):
    whole = int(seconds // 1)
    return Time(sec=whole, nanosec=round((seconds - whole) * 1e9))


def header(seconds, frame_id="camera"):
    return Header(stamp=stamp(seconds), frame_id=frame_id)


def transform(parent, child, xyz=(0.0, 0.0, 0.0), xyzw=(0.0, 0.0, 0.0, 1.0), seconds=0.0):
    message = TransformStamped(header=header(seconds, parent), child_frame_id=child)
    message.transform.translation = Vector3(**dict(zip("xyz", xyz, strict=True)))
    message.transform.rotation = Quaternion(**dict(zip("xyzw", xyzw, strict=True)))
    return message


@pytest.fixture
def tf2(monkeypatch):
    monkeypatch.syspath_prepend(str(STAND_IN))
    yield
    sys.modules.pop("tf2_ros", None)


class Robot:
    """A node with a target frame, and the publishers of transforms."""

    def __init__(self, graph, frame_id="map"):
        self.graph = graph
        self.target = TargetFrame(graph.node, frame_id)
        self._moving = graph.node.create_publisher(TransformStamped, "/tf", 10)
        self._static = graph.node.create_publisher(TransformStamped, "/tf_static", LATCHED)
        graph.wait_for_subscribers(self._moving)
        # 1 m forward and 0.5 m up on the robot, looking forward
        self._static.publish(transform("base", "camera", (1.0, 0.0, 0.5), (-0.5, 0.5, -0.5, 0.5)))

    def move(self, seconds, xyz, xyzw=(0.0, 0.0, 0.0, 1.0)):
        self._moving.publish(transform("map", "base", xyz, xyzw, seconds))

    def wait(self, seconds):
        """The transform at this time, as soon as it is there."""

        def known():
            try:
                return [self.target.camera_in_target(header(seconds))]
            except SpaceError:
                return None

        return self.graph.wait(known)[0]

    def refusal(self, seconds, frame_id="camera"):
        with pytest.raises(SpaceError) as error:
            self.target.camera_in_target(header(seconds, frame_id))
        return str(error.value)


@pytest.fixture
def robot(graph, tf2):
    robot = Robot(graph)
    yield robot
    robot.target.close()


def test_without_tf2_ros_the_frame_is_refused(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    with pytest.raises(ValueError) as error:
        TargetFrame(graph.node, "map")
    assert str(error.value).startswith("target_frame needs tf2_ros (")
    assert str(error.value).endswith("): install ros-jazzy-tf2-ros-py, or leave target_frame empty")


def test_the_camera_is_where_the_robot_is_at_the_stamp_of_the_image(robot):
    robot.move(10.0, (2.0, 3.0, 0.0))
    robot.move(11.0, (4.0, 3.0, 0.0))
    target_from_camera = robot.wait(10.5)
    # the robot at (3, 3, 0), the camera 1 m before it and 0.5 m above
    assert target_from_camera[:3, 3] == pytest.approx([4.0, 3.0, 0.5])
    assert target_from_camera[:3, :3] == pytest.approx(OPTICAL)
    assert target_from_camera[3].tolist() == [0.0, 0.0, 0.0, 1.0]
    # what the camera sees 2 m ahead, 0.1 m to its right and 0.2 m below
    assert target_from_camera @ (0.1, 0.2, 2.0, 1.0) == pytest.approx([6.0, 2.9, 0.3, 1.0])


def test_a_robot_that_has_turned_looks_to_its_new_side(robot):
    robot.move(10.0, (2.0, 3.0, 0.0), (0.0, 0.0, HALF, HALF))  # a quarter turn to the left: forward is +y
    target_from_camera = robot.wait(10.0)
    assert target_from_camera[:3, 3] == pytest.approx([2.0, 4.0, 0.5])
    assert target_from_camera @ (0.0, 0.0, 2.0, 1.0) == pytest.approx([2.0, 6.0, 0.5, 1.0])
    assert target_from_camera @ (1.0, 0.0, 0.0, 1.0) == pytest.approx([3.0, 4.0, 0.5, 1.0])


def test_any_rotation(robot):
    """Against SciPy's."""
    xyzw = np.array([0.1, -0.5, 0.7, 0.3])
    xyzw /= np.linalg.norm(xyzw)
    robot._static.publish(transform("map", "tilted", (1.0, 2.0, 3.0), xyzw.tolist()))
    robot.move(10.0, (0.0, 0.0, 0.0))

    def known():
        try:
            return [robot.target.camera_in_target(header(10.0, "tilted"))]
        except SpaceError:
            return None

    target_from_camera = robot.graph.wait(known)[0]
    assert target_from_camera[:3, :3] == pytest.approx(Rotation.from_quat(xyzw).as_matrix())
    assert target_from_camera[:3, 3].tolist() == [1.0, 2.0, 3.0]


def test_an_image_without_stamp_has_the_newest_transform(robot):
    robot.move(10.0, (2.0, 3.0, 0.0))
    robot.wait(10.0)
    robot.move(12.0, (5.0, 3.0, 0.0))
    robot.wait(12.0)
    assert robot.target.camera_in_target(header(0.0))[:3, 3] == pytest.approx([6.0, 3.0, 0.5])


def test_a_frame_that_nobody_publishes(robot):
    robot.move(10.0, (0.0, 0.0, 0.0))
    robot.wait(10.0)
    assert robot.refusal(10.0, "lens") == (
        "no transform from 'lens' to target_frame 'map': \"lens\" passed to lookupTransform argument does "
        "not exist; publish the transform, or correct target_frame"
    )


def test_times_that_are_not_known_are_neither_waited_for_nor_extrapolated(robot):
    robot.move(10.0, (2.0, 3.0, 0.0))
    robot.wait(10.0)
    refusal = robot.refusal(10.01)
    assert "extrapolation into the future" in refusal
    assert refusal.endswith("; publish it earlier or more often, with the clock of the images")
    assert "extrapolation into the past" in robot.refusal(9.0)


def test_frames_that_are_not_connected(robot):
    robot.move(10.0, (0.0, 0.0, 0.0))
    robot._static.publish(transform("arm", "hand"))
    robot.graph.wait(lambda: "same tree" in robot.refusal(0.0, "hand"))
    assert robot.refusal(0.0, "hand").endswith("; publish the transform that connects both")


def test_a_leading_slash_is_left_out(graph, tf2):
    robot = Robot(graph, "/map")
    assert robot.target.frame_id == "map"
    robot.move(10.0, (2.0, 3.0, 0.0))
    robot.wait(10.0)
    assert robot.target.camera_in_target(header(10.0, "/camera"))[:3, 3] == pytest.approx([3.0, 3.0, 0.5])
    robot.target.close()


def test_a_frame_without_name_or_a_stamp_before_1970_is_refused(robot):
    robot.move(10.0, (2.0, 3.0, 0.0))
    robot.wait(10.0)
    assert robot.refusal(10.0, "").endswith("; correct target_frame, or the frame_id of the images")
    assert "extrapolation into the past" in robot.refusal(-5.0)


def test_a_simulation_that_starts_again_is_followed(graph, tf2):
    graph.node.set_parameters([Parameter("use_sim_time", value=True)])
    clock = graph.node.create_publisher(Clock, "/clock", 10)
    graph.wait_for_subscribers(clock)
    robot = Robot(graph)

    def set_clock(seconds):
        clock.publish(Clock(clock=stamp(seconds)))
        graph.wait(lambda: abs(graph.node.get_clock().now().nanoseconds / 1e9 - seconds) < 0.01)

    set_clock(100.0)
    robot.move(100.0, (2.0, 3.0, 0.0))
    robot.wait(100.0)
    set_clock(1.0)  # 99 s back: older than what a buffer keeps
    robot.move(1.0, (0.0, 0.0, 0.0))
    assert robot.wait(1.0)[:3, 3] == pytest.approx([1.0, 0.0, 0.5])
    assert "extrapolation" in robot.refusal(100.0)
    robot.target.close()


def test_nothing_is_subscribed_after_the_end(graph, tf2):
    target = TargetFrame(graph.node, "map")
    assert sum(s.topic_name in ("/tf", "/tf_static") for s in graph.node.subscriptions) == 2
    target.close()
    assert sum(s.topic_name in ("/tf", "/tf_static") for s in graph.node.subscriptions) == 0
