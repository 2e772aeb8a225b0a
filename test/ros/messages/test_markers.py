"""Markers of things with depth; boxes and positions are given, not measured."""

from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Duration
from rclpy.serialization import deserialize_message, serialize_message
from space_frames import HEADER, frame, segment
from visualization_msgs.msg import Marker, MarkerArray

from eovseg_model.drawing import name_colour, segment_colours
from eovseg_model.geometry import Box
from eovseg_ros.messages import SegmentMarkers

DEPTH = np.ones((3, 4), np.float32)
UPRIGHT = np.array(
    [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
)  # columns: right, ahead, up of the camera
BOX = Box(np.array([0.5, 1.0, 2.0]), np.array([0.4, 0.2, 0.8]), np.eye(3))


def with_boxes(segments, boxes=None, **space):
    """A frame whose segments have these boxes by segment id; all have BOX by default."""
    given = frame(DEPTH, segments=segments, **space)
    boxes = {s.id: BOX for s in segments} if boxes is None else boxes
    given.__dict__["geometry"] = {number: SimpleNamespace(box=box) for number, box in boxes.items()}
    return given


def added(message):
    return [(m.ns, m.id) for m in message.markers if m.action == Marker.ADD]


def deleted(message):
    return {(m.ns, m.id) for m in message.markers if m.action == Marker.DELETE}


def test_a_thing_has_its_box_and_its_name():
    message = SegmentMarkers().message(with_boxes([segment(2, "mug", track_id=7)], frame_id="map"))
    box, name = message.markers
    for marker in (box, name):
        assert (marker.header.frame_id, marker.header.stamp) == ("map", HEADER.stamp)
        assert (marker.id, marker.action) == (7, Marker.ADD)
    assert (box.ns, box.type) == ("boxes", Marker.CUBE)
    centre, turn = box.pose.position, box.pose.orientation
    assert (centre.x, centre.y, centre.z) == (0.5, 1.0, 2.0)
    assert (turn.x, turn.y, turn.z, turn.w) == (0.0, 0.0, 0.0, 1.0)
    assert (box.scale.x, box.scale.y, box.scale.z) == (0.4, 0.2, 0.8)
    assert (name.ns, name.type, name.text) == ("names", Marker.TEXT_VIEW_FACING, "mug #7")
    assert (name.color.r, name.color.g, name.color.b, name.color.a) == (1.0, 1.0, 1.0, 1.0)
    sent = serialize_message(message)
    assert serialize_message(deserialize_message(sent, MarkerArray)) == sent


@pytest.mark.parametrize(
    ("rotation", "above"),
    [(np.eye(3), (0.5, 1.0, 2.0 + 0.4 + 0.2)), (UPRIGHT, (0.5, 1.0 - 0.4 - 0.2, 2.0))],
    ids=["z up", "camera"],
)
def test_a_name_stands_on_its_box(rotation, above):
    # Letters have a quarter of the longest side, 0.2 m, and their middle is one letter above the box.
    boxes = {2: BOX._replace(rotation=rotation)}
    _, name = SegmentMarkers().message(with_boxes([segment(2, "mug", track_id=7)], boxes)).markers
    position = name.pose.position
    assert (position.x, position.y, position.z) == pytest.approx(above)
    assert name.scale.z == pytest.approx(0.2)


@pytest.mark.parametrize(("longest", "letters"), [(0.01, 0.04), (0.4, 0.1), (5.0, 0.2)])
def test_letters_can_be_read_on_small_things_and_do_not_hide_large_ones(longest, letters):
    boxes = {2: BOX._replace(size=np.array([longest, longest / 2, longest / 2]))}
    _, name = SegmentMarkers().message(with_boxes([segment(2, "mug", track_id=7)], boxes)).markers
    assert name.scale.z == pytest.approx(letters)


def test_a_flat_box_has_a_side_that_rviz_draws():
    boxes = {2: BOX._replace(size=np.array([0.4, 0.0, 0.8]))}
    box, _ = SegmentMarkers().message(with_boxes([segment(2, "mug", track_id=7)], boxes)).markers
    assert (box.scale.x, box.scale.y, box.scale.z) == (0.4, 0.001, 0.8)


def test_boxes_are_translucent_in_the_colours_of_the_overlay():
    segments = [segment(1, "floor", is_thing=False, track_id=1), segment(2, "mug", track_id=7)]
    box, _ = SegmentMarkers().message(with_boxes(segments)).markers
    found = [255 * box.color.r, 255 * box.color.g, 255 * box.color.b]
    assert found == pytest.approx(segment_colours(segments)[2], abs=0.01)
    assert 0.2 < box.color.a < 0.6


def test_colours_without_tracking_are_those_of_the_names():
    box, name = SegmentMarkers().message(with_boxes([segment(2, "mug")])).markers
    found = [255 * box.color.r, 255 * box.color.g, 255 * box.color.b]
    assert found == pytest.approx(name_colour("mug", is_thing=True), abs=0.01)
    assert name.text == "mug"


def test_stuff_and_things_without_depth_have_no_markers():
    segments = [segment(1, "floor", is_thing=False, track_id=1), segment(2, "mug", track_id=7)]
    assert added(SegmentMarkers().message(with_boxes(segments, {1: BOX}))) == []


@pytest.mark.parametrize(
    ("track_id", "number"),
    [(1, 1), (2**31 - 1, 2**31 - 1), (2**31, -(2**31)), (2**32 - 1, -1)],
)
def test_ids_are_those_of_the_tracks_as_int32(track_id, number):
    message = SegmentMarkers().message(with_boxes([segment(2, "mug", track_id=track_id)]))
    assert added(message) == [("boxes", number), ("names", number)]


def test_without_tracking_ids_are_those_of_the_segments():
    message = SegmentMarkers().message(with_boxes([segment(2, "mug"), segment(9, "ball")]))
    assert added(message) == [("boxes", 2), ("names", 2), ("boxes", 9), ("names", 9)]


@pytest.mark.parametrize(
    "tracked", [segment(1, "floor", is_thing=False, track_id=1), segment(2, "mug", track_id=1)]
)
def test_a_thing_that_is_seen_for_the_first_time_has_no_markers_yet(tracked):
    message = SegmentMarkers().message(with_boxes([tracked, segment(9, "ball")]))
    assert 9 not in {number for _, number in added(message)}


def test_markers_of_things_that_are_gone_are_deleted_once():
    markers = SegmentMarkers()
    mug, ball = segment(2, "mug", track_id=7), segment(9, "ball", track_id=2**32 - 1)
    assert deleted(markers.message(with_boxes([mug, ball]))) == set()
    second = markers.message(with_boxes([segment(5, "mug", track_id=7)]))  # the same mug, another segment id
    assert added(second) == [("boxes", 7), ("names", 7)]
    assert deleted(second) == {("boxes", -1), ("names", -1)}
    assert {m.header.frame_id for m in second.markers} == {HEADER.frame_id}
    assert deleted(markers.message(with_boxes([mug]))) == set()
    assert added(markers.message(with_boxes([mug, ball])))[2:] == [("boxes", -1), ("names", -1)]


def test_markers_of_things_that_lose_their_depth_are_deleted():
    markers, mug = SegmentMarkers(), segment(2, "mug", track_id=7)
    markers.message(with_boxes([mug]))
    message = markers.message(with_boxes([mug], {}))
    assert (added(message), deleted(message)) == ([], {("boxes", 7), ("names", 7)})


def test_a_frame_without_space_changes_nothing():
    markers, mug = SegmentMarkers(), segment(2, "mug", track_id=7)
    markers.message(with_boxes([mug]))
    flat = with_boxes([], {})
    object.__setattr__(flat, "space", None)
    assert markers.message(flat).markers == []
    assert deleted(markers.message(with_boxes([]))) == {("boxes", 7), ("names", 7)}


def test_cameras_do_not_delete_each_others_markers():
    front, rear = SegmentMarkers(), SegmentMarkers()
    front.message(with_boxes([segment(2, "mug", track_id=7)]))
    assert deleted(rear.message(with_boxes([]))) == set()


def test_markers_end_with_the_node():
    message = SegmentMarkers().message(with_boxes([segment(2, "mug", track_id=7)]))
    assert [marker.lifetime for marker in message.markers] == [Duration(sec=5)] * 2


def test_boxes_are_measured_in_the_frame():
    # All of the image is a wall 2 m ahead, and the ids are those of one segment: a flat box 2 m ahead.
    wall = frame(np.full((3, 4), 2.0, np.float32), segments=[segment(2, "board", track_id=7)])
    object.__setattr__(wall, "panoptic", np.full((3, 4), 2, np.uint16))
    box, _ = SegmentMarkers().message(wall).markers
    assert box.pose.position.z == pytest.approx(2.0, abs=1e-6)
    # Rays from -0.5 to 1 and from -0.5 to 0.5, without the outermost points.
    assert 1.5 <= box.scale.x <= 3.0 and box.scale.y == 0.001 and 1.0 <= box.scale.z <= 2.0
