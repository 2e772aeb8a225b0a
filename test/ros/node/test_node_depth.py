"""Depth in the node, over real DDS: which depth and calibration an image gets, and what is said of none."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from graph import BEST_EFFORT, LATCHED, RELIABLE, squares, stamp_of
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from eovseg_ros.messages import array_to_image
from eovseg_ros.msg import PanopticSegmentation, Status

STAND_IN = Path(__file__).parents[1] / "tf2_stand_in"
SIZE = (60, 80)
K = [80.0, 0.0, 39.5, 0.0, 80.0, 29.5, 0.0, 0.0, 1.0]
# Columns 5 to 14 and rows 10 to 19 of the picture: (9.5 - 39.5) / 80 and (14.5 - 29.5) / 80 at 1 m.
X, Y = -0.375, -0.1875


def header(milliseconds, frame_id="camera"):
    stamp = Time(sec=milliseconds // 1000, nanosec=milliseconds % 1000 * 1_000_000)
    return Header(stamp=stamp, frame_id=frame_id)


class Rig:
    """A camera with depth; stamps are in milliseconds, depth in metres."""

    def __init__(self, graph, prefix="", depth_qos=RELIABLE, info_qos=RELIABLE, depth=True, info=True):
        self.graph = graph
        self.prefix = prefix
        self.segments = graph.collect(PanopticSegmentation, f"/eovseg/{prefix}segments")
        self.statuses = graph.collect(Status, "/eovseg/status")
        self._image = graph.node.create_publisher(Image, f"/{prefix}image", RELIABLE)
        self._depth = depth and graph.node.create_publisher(Image, f"/{prefix}depth", depth_qos)
        self._info = info and graph.node.create_publisher(CameraInfo, f"/{prefix}camera_info", info_qos)

    def wait(self):
        """Until the node listens to all publishers as they offer it."""
        for publisher in filter(None, (self._image, self._depth, self._info)):
            self.graph.wait_for_matched_subscribers(publisher)
        return self

    def image(self, stamp, frame_id="camera"):
        self._image.publish(array_to_image(squares((1, 0)), "rgb8", header(stamp, frame_id)))

    def depth(self, stamp, metres=2.0, size=SIZE, frame_id="camera"):
        self.send_depth(
            array_to_image(np.full(size, round(metres * 1000), np.uint16), "16UC1", header(stamp, frame_id))
        )

    def send_depth(self, message):
        self._depth.publish(message)
        time.sleep(0.01)

    def info(self, stamp=0, **fields):
        self._info.publish(
            CameraInfo(**{"header": header(stamp), "width": SIZE[1], "height": SIZE[0], "k": K} | fields)
        )
        time.sleep(0.01)

    def shoot(self, stamp, **depth):
        """Publish depth, camera_info and an image; the segment."""
        self.depth(stamp, **depth)
        self.info(stamp)
        self.image(stamp)
        return self.result(stamp)

    def result(self, stamp):
        """The segment of an image, and the message that it is in."""
        found = lambda: [m for m in self.segments if stamp_of(m) == stamp * 10**6]  # noqa: E731
        (message,) = self.graph.wait(found, what=f"the frame of {stamp} ms")
        (segment,) = message.segments
        return segment

    def status(self, condition):
        """The camera's part of the first status that fulfils a condition."""

        def find():
            cameras = self.statuses[-1].cameras if self.statuses else []
            return [c for c in cameras if f"{c.name}/" == (self.prefix or "/") and condition(c)]

        return self.graph.wait(find, what="the status")[0]


def place(segment):
    assert segment.has_position
    return segment.position.x, segment.position.y, segment.position.z


def close(x, y, z):
    """Within half a pixel."""
    return pytest.approx((x, y, z), abs=0.51 * z / 80)


@pytest.fixture
def depth_node(start_fake):
    def start(**parameters):
        return start_fake(use_depth=True, diagnostics_rate=10.0, **parameters)

    return start


@pytest.fixture
def rig(graph, depth_node):
    node = depth_node()
    rig = Rig(graph).wait()
    rig.node = node
    return rig


@pytest.mark.parametrize("size", [SIZE, (30, 40), (480, 640), (45, 60)], ids=str)
def test_a_segment_gets_its_position_from_depth_of_any_resolution(rig, size):
    assert place(rig.shoot(1000, size=size)) == pytest.approx((2 * X, 2 * Y, 2.0), abs=0.05)
    assert rig.segments[-1].position_frame == "camera" and rig.segments[-1].header == header(1000)
    status = rig.status(lambda c: c.frames_with_depth == 1)
    assert (status.depth_topic, status.frames_without_depth, status.depth_error) == ("/depth", 0, "")


@pytest.mark.parametrize(
    ("encoding", "dtype", "metre"),
    [("16UC1", "<u2", 1000), ("16UC1", ">u2", 1000), ("32FC1", "<f4", 1), ("32FC1", ">f4", 1)],
)
def test_depth_of_both_encodings_and_byte_orders_with_invalid_pixels(rig, encoding, dtype, metre):
    values = np.full(SIZE, 2 * metre, dtype)
    values[:, 0:9] = 0
    values[:, 12] = 65535 if metre == 1000 else np.inf
    values[:, 14] = 0 if metre == 1000 else np.nan
    message = Image(header=header(1000), height=SIZE[0], width=SIZE[1], encoding=encoding)
    message.is_bigendian, message.step = int(dtype[0] == ">"), SIZE[1] * values.itemsize
    message.data.frombytes(values.tobytes())
    rig.info()
    rig.send_depth(message)
    rig.image(1000)
    x, y, z = place(rig.result(1000))
    # 9, 10, 11 and 13 remain
    assert -0.77 <= x <= -0.66 and (y, z) == pytest.approx((2 * Y, 2.0), abs=0.02)


def test_a_segment_without_valid_depth_has_no_position_in_a_frame_with_space(rig):
    rig.depth(1000, 65.535)
    rig.info()
    rig.image(1000)
    assert not rig.result(1000).has_position and rig.segments[-1].position_frame == "camera"
    rig.status(lambda c: c.frames_with_depth == 1)


def test_depth_that_arrives_while_the_model_runs_is_used(graph, depth_node, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "0.5")
    depth_node()
    rig = Rig(graph).wait()
    rig.info()
    rig.depth(970, 1.0)
    rig.image(1000)
    time.sleep(0.1)
    rig.depth(1000, 2.0)
    rig.depth(1033, 3.0)
    assert place(rig.result(1000)) == close(2 * X, 2 * Y, 2.0)


def test_depth_that_does_not_come_delays_and_drops_no_frame(graph, depth_node):
    node = depth_node()
    rig = Rig(graph, depth=False, info=False).wait()
    for i in range(20):
        begun = time.monotonic()
        rig.image(1000 + i)
        assert not rig.result(1000 + i).has_position
        assert time.monotonic() - begun < 1.0
    assert {m.position_frame for m in rig.segments} == {""}
    status = rig.status(lambda c: c.frames_without_depth == 20)
    assert status.published == 20 and status.frames_with_depth == 0 and status.depth_error
    time.sleep(3.0)  # longer than the node waits before it looks for the reason
    rig.image(2000)
    remedy = "it has no publisher; start the camera, or remap 'depth' to its topic"
    rig.status(lambda c: c.depth_error == f"no depth image on /depth: {remedy}")
    assert node.log.count("a frame has no positions (1 so far): no depth image on /depth") == 1
    assert node.log.count("has no positions") == 1  # at most one in 5 s


def test_depth_that_is_too_far_in_time_is_told_and_the_tolerance_is_live(rig):
    rig.info()
    rig.depth(900)
    rig.image(1000)
    assert not rig.result(1000).has_position
    status = rig.status(lambda c: c.depth_error)
    assert status.depth_error.startswith(
        "the nearest depth image on /depth is 100 ms from the image, more than depth_tolerance (0.05 s)"
    )
    (answer,) = rig.graph.set("/eovseg", depth_tolerance=0.2)
    assert answer.successful
    rig.image(1001)
    assert rig.result(1001).has_position
    rig.status(lambda c: not c.depth_error)


@pytest.mark.parametrize(
    ("depth", "reason"),
    [
        (
            {"frame_id": "depth_optical"},
            "depth is in frame 'depth_optical', the image in frame 'camera'; register",
        ),
        ({"size": (60, 106)}, "depth has 106x60 pixels, the image 80x60, another aspect; register the depth"),
    ],
)
def test_depth_that_is_not_registered_is_refused(rig, depth, reason):
    assert not rig.shoot(1000, **depth).has_position
    assert rig.status(lambda c: c.depth_error).depth_error.startswith(reason)
    rig.node.wait_for_log(f"has no positions (1 so far): {reason}", 5)
    assert rig.shoot(2000).has_position  # registered meanwhile
    status = rig.status(lambda c: c.frames_with_depth == 1)
    assert (status.frames_without_depth, status.depth_error) == (1, "")


def test_without_a_calibration_there_are_no_positions(rig):
    rig.depth(1000)
    rig.image(1000)
    assert not rig.result(1000).has_position
    assert rig.status(lambda c: c.depth_error).depth_error.startswith("no camera_info on /camera_info: ")
    rig.info(k=[0.0] * 9)
    rig.image(1001)
    assert not rig.result(1001).has_position
    rig.status(lambda c: "/camera_info cannot be used: k of camera_info" in c.depth_error)
    rig.info()  # of an earlier stamp, as a latched one
    rig.image(1002)
    assert rig.result(1002).has_position


def test_a_calibration_that_changes_is_used_from_its_stamp_on(rig):
    for i in range(20):
        stamp, zoom = 1000 + 33 * i, 1 + i // 10
        rig.depth(stamp)
        rig.info(stamp, k=[80.0 * zoom, *K[1:4], 80.0 * zoom, *K[5:]])
        rig.image(stamp)
        assert place(rig.result(stamp)) == close(2 * X / zoom, 2 * Y / zoom, 2.0)


def test_one_latched_calibration_from_before_the_start_is_enough(graph, depth_node):
    rig = Rig(graph, info_qos=LATCHED)
    rig.info()
    depth_node()
    rig.wait()
    rig.graph.wait(lambda: time.sleep(0.3) or True)
    rig.depth(1000)
    rig.image(1000)
    assert place(rig.result(1000)) == close(2 * X, 2 * Y, 2.0)


def test_best_effort_publishers_of_depth_and_calibration(graph, depth_node):
    depth_node()
    rig = Rig(graph, depth_qos=BEST_EFFORT, info_qos=BEST_EFFORT).wait()
    assert rig.shoot(1000).has_position


def test_depth_ten_times_faster_than_images(rig):
    """Each depth image has a value of its own."""
    rig.info()
    for i in range(8):
        for j in range(10):
            rig.depth(1000 + 100 * i + 10 * j, 1.0 + 0.1 * i + 0.01 * j)
        rig.image(1000 + 100 * i + 64)  # the depth at 60 is nearest
        assert place(rig.result(1064 + 100 * i))[2] == pytest.approx(1.06 + 0.1 * i)


def test_depth_ten_times_slower_than_images(rig):
    rig.info()
    placed = {}
    for i in range(25):
        if i % 10 == 0:
            rig.depth(1000 + 33 * i, 1.0 + i / 10)
        rig.image(1000 + 33 * i)
        segment = rig.result(1000 + 33 * i)
        if segment.has_position:
            placed[i] = round(segment.position.z, 3)
    assert placed == {0: 1.0, 1: 1.0, 10: 2.0, 11: 2.0, 20: 3.0, 21: 3.0}  # within 50 ms
    status = rig.status(lambda c: c.published == 25)
    assert (status.frames_with_depth, status.frames_without_depth) == (6, 19)


def test_a_recording_that_starts_again(rig):
    for stamp in [*range(60_000, 60_500, 100), *range(0, 500, 100), *range(60_000, 60_300, 100)]:
        metres = 1.0 + (len(rig.segments) + 1) / 10
        rig.segments.clear() if len(rig.segments) == 10 else None
        rig.depth(stamp or 1, metres)
        rig.info(stamp or 1)
        rig.image(stamp or 1)
        assert place(rig.result(stamp or 1))[2] == pytest.approx(metres)


def test_images_without_stamps_get_the_depth_that_arrived_with_them(rig):
    rig.info()
    rig.depth(0, 1.5)
    rig.image(0)
    assert place(rig.result(0))[2] == pytest.approx(1.5)


def test_large_depth_images_of_a_reliable_publisher_are_not_lost(rig):
    rig.info()
    for i in range(20):
        rig.depth(1000 + i, 2.0 + i / 100, size=(1080, 1440))
        rig.image(1000 + i)
        assert place(rig.result(1000 + i))[2] == pytest.approx(2.0 + i / 100)


def test_without_use_depth_nothing_is_subscribed(graph, start_fake):
    rig = Rig(graph)
    start_fake()
    graph.wait_for_matched_subscribers(rig._image)
    assert not rig.shoot(1000).has_position and rig.segments[-1].position_frame == ""
    assert rig._depth.get_subscription_count() == rig._info.get_subscription_count() == 0


def test_each_camera_has_a_depth_of_its_own(graph, start):
    parameters = {
        "vocabulary": ["cup"],
        "use_depth": True,
        "cameras": ["front", "rear"],
        "diagnostics_rate": 10.0,
    }
    node = start("fake_node", parameters=parameters)
    node.wait_for_log("segmenting /rear/image", 20)
    front, rear = Rig(graph, "front/"), Rig(graph, "rear/", depth=False)
    front.wait()
    rear.wait()
    assert place(front.shoot(1000)) == close(2 * X, 2 * Y, 2.0)
    rear.info(1000)
    rear.image(1000)
    assert not rear.result(1000).has_position
    assert rear.status(lambda c: c.depth_error).depth_error.startswith("no depth image on /rear/depth: ")
    assert front.status(lambda c: c.frames_with_depth == 1).depth_error == ""


@pytest.fixture
def tf2(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), os.environ["PYTHONPATH"]]))


def test_positions_in_a_target_frame(graph, depth_node, tf2):
    depth_node(target_frame="map")
    rig = Rig(graph).wait()
    moving = graph.node.create_publisher(TransformStamped, "/tf", 10)
    graph.wait_for_subscribers(moving)

    def move(milliseconds, x):
        """A camera that looks forward from 1 m above the ground."""
        message = TransformStamped(header=header(milliseconds, "map"), child_frame_id="camera")
        message.transform.rotation = Quaternion(x=-0.5, y=0.5, z=-0.5, w=0.5)
        message.transform.translation = Vector3(x=x, z=1.0)
        moving.publish(message)
        time.sleep(0.05)

    move(1000, 5.0)
    move(1100, 6.0)
    segment = rig.shoot(1050)
    assert place(segment) == pytest.approx((5.5 + 2.0, -2 * X, 1.0 - 2 * Y), abs=0.02)
    assert rig.segments[-1].position_frame == "map" and rig.segments[-1].header.frame_id == "camera"
    assert not rig.shoot(1200).has_position  # of which no transform is known
    status = rig.status(lambda c: c.depth_error)
    assert status.depth_error.startswith(
        "no transform from 'camera' to target_frame 'map': Lookup would require"
    )
    move(1300, 8.0)
    assert place(rig.shoot(1250))[0] == pytest.approx(6.0 + 2.0 * 150 / 200 + 2.0, abs=0.02)


def test_a_target_frame_without_tf2_ros_is_refused_at_the_start(start):
    node = start("fake_node", parameters={"vocabulary": ["cup"], "use_depth": True, "target_frame": "map"})
    node.wait_for_log("target_frame needs tf2_ros", 20)
    assert (
        "install ros-jazzy-tf2-ros-py, or leave target_frame empty" in node.log
        and "Traceback" not in node.log
    )
