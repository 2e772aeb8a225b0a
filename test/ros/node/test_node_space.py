"""Points, markers and detections of the node, over real DDS."""

import time

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from graph import RELIABLE, squares, stamp_of
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from eovseg_ros.messages import array_to_image, detection_types
from eovseg_ros.msg import PanopticSegmentation

POINT = np.dtype(
    [
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),
        ("rgb", "<u4"),
        ("label", "<u2"),
        ("instance", "<u2"),
        ("track", "<u4"),
    ]
)
TYPES = detection_types()
SIZE = (60, 80)
K = [80.0, 0.0, 39.5, 0.0, 80.0, 29.5, 0.0, 0.0, 1.0]
# Segment id and class of squares of 10x10 pixels, in rows 10 to 19, from columns 5, 20 and 35.
CUP, BALL, FLOOR = (1, 0), (2, 1), (3, 2)


class Rig:
    """A camera whose depth is 2 m, and 0 above row 10; stamps are in seconds."""

    def __init__(self, graph, start):
        self.graph = graph
        self.segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
        self.clouds = graph.collect(PointCloud2, "/eovseg/points")
        self.markers = graph.collect(MarkerArray, "/eovseg/markers")
        if TYPES:
            self.detections = graph.collect(TYPES.in_image, "/eovseg/detections")
            self.detections_3d = graph.collect(TYPES.in_space, "/eovseg/detections_3d")
        start(use_depth=True)
        self.image = graph.node.create_publisher(Image, "/image", RELIABLE)
        self.depth = graph.node.create_publisher(Image, "/depth", RELIABLE)
        self.info = graph.node.create_publisher(CameraInfo, "/camera_info", RELIABLE)
        for publisher in (self.image, self.depth, self.info):
            graph.wait_for_matched_subscribers(publisher)

    def shoot(self, stamp, *objects, depth=True):
        """Publish an image of these objects, and wait until it has been segmented."""
        header = Header(stamp=Time(sec=stamp), frame_id="camera")
        if depth:
            metres = np.full(SIZE, 2.0, np.float32)
            metres[:10] = 0
            self.depth.publish(array_to_image(metres, "32FC1", header))
            self.info.publish(CameraInfo(header=header, width=SIZE[1], height=SIZE[0], k=K))
            time.sleep(0.05)
        self.image.publish(array_to_image(squares(*objects), "rgb8", header))
        return self.received(self.segments, stamp)

    def received(self, messages, stamp):
        """The message with this stamp, once it is there."""
        found = lambda: [m for m in messages if stamp_of(m) == stamp * 10**9]  # noqa: E731
        return self.graph.wait(found, what=f"the message of {stamp} s")[0]


@pytest.fixture
def rig(graph, start_fake):
    return Rig(graph, start_fake)


def test_points_of_a_frame(rig):
    rig.shoot(1, CUP, BALL, FLOOR)
    message = rig.received(rig.clouds, 1)
    assert message.header == Header(stamp=Time(sec=1), frame_id="camera")
    points = np.frombuffer(message.data, POINT)
    assert len(points) == message.width == 25 * 40  # rows 10 to 58 and columns 0 to 78, every second one
    assert set(points["z"].tolist()) == {2.0}
    cup = points[points["instance"] == 1]
    columns, rows = [6, 8, 10, 12, 14], [10, 12, 14, 16, 18]
    np.testing.assert_allclose(cup["x"], [2 * (u - 39.5) / 80 for _ in rows for u in columns], rtol=1e-6)
    np.testing.assert_allclose(cup["y"], [2 * (v - 29.5) / 80 for v in rows for _ in columns], rtol=1e-6)
    assert set(cup["label"].tolist()) == {1} and set(cup["rgb"].tolist()) == {0x00010000}
    assert {(p["instance"], p["label"], p["rgb"]) for p in points} == {
        (0, 0, 0),
        (1, 1, 0x00010000),
        (2, 2, 0x00020100),
        (3, 3, 0x00030200),
    }


def test_points_have_the_tracks_of_their_segments_and_a_stride_that_can_change(rig):
    rig.shoot(1, CUP)
    (result,) = rig.graph.set("/eovseg", points_stride=5)
    assert result.successful
    tracks = {s.id: s.track_id for s in rig.shoot(2, CUP, FLOOR).segments}
    points = np.frombuffer(rig.received(rig.clouds, 2).data, POINT)
    assert len(points) == 10 * 16
    assert {(p["instance"], p["track"]) for p in points} == {(0, 0), *tracks.items()}
    assert tracks[1] > 0 and tracks[3] > 0


def marked(message):
    """Action by namespace and id."""
    return {(marker.ns, marker.id): marker.action for marker in message.markers}


def test_markers_come_with_the_track_and_go_with_the_thing(rig):
    shown = rig.markers
    rig.shoot(1, CUP, BALL, FLOOR)
    first = rig.graph.wait(lambda: shown, what="the first markers")[0]
    assert first.markers == []  # things get their tracks in their second frame

    cup, ball, _ = (s.track_id for s in rig.shoot(2, CUP, BALL, FLOOR).segments)
    second = rig.graph.wait(lambda: shown[1:], what="the second markers")[0]
    add = Marker.ADD
    assert marked(second) == {
        ("boxes", cup): add,
        ("names", cup): add,
        ("boxes", ball): add,
        ("names", ball): add,
    }
    texts = {marker.text for marker in second.markers if marker.ns == "names"}
    assert texts == {f"cup #{cup}", f"ball #{ball}"}
    (box,) = (marker for marker in second.markers if (marker.ns, marker.id) == ("boxes", cup))
    assert (box.header.frame_id, box.header.stamp) == ("camera", Time(sec=2))
    # From the middle of column 5 to that of 14, at 2 m.
    assert box.pose.position.x == pytest.approx(2 * (9.5 - 39.5) / 80, abs=0.03)
    assert box.scale.x == pytest.approx(2 * 9 / 80, abs=0.06)

    rig.shoot(3, CUP, BALL, depth=False)  # no markers, and none deleted
    rig.shoot(4, CUP)
    third = rig.graph.wait(lambda: shown[2:], what="the third markers")[0]
    assert marked(third) == {
        ("boxes", cup): add,
        ("names", cup): add,
        ("boxes", ball): Marker.DELETE,
        ("names", ball): Marker.DELETE,
    }
    assert {marker.header.stamp.sec for marker in third.markers} == {4}


@pytest.mark.skipif(not TYPES, reason="vision_msgs is not installed")
def test_detections_of_a_frame(rig):
    rig.shoot(1, CUP, FLOOR)
    cup, _ = (str(s.track_id) for s in rig.shoot(2, CUP, FLOOR).segments)
    (detection,) = rig.received(rig.detections, 2).detections
    assert (detection.id, detection.results[0].hypothesis.class_id) == (cup, "cup")
    center = detection.bbox.center.position
    assert (center.x, center.y, detection.bbox.size_x, detection.bbox.size_y) == (10.0, 15.0, 10.0, 10.0)
    (detection,) = rig.received(rig.detections_3d, 2).detections
    assert (detection.id, detection.results[0].hypothesis.class_id) == (cup, "cup")
    assert detection.bbox.center.position.z == pytest.approx(2.0, abs=0.01)


def test_there_are_no_topics_of_space_without_depth(graph, start_fake):
    start_fake()
    names = lambda: {name for name, _ in graph.node.get_topic_names_and_types()}  # noqa: E731
    graph.wait(lambda: "/eovseg/segments" in names(), what="the node's topics")
    assert not {"/eovseg/points", "/eovseg/markers", "/eovseg/detections_3d"} & names()
