"""What the demo shows of space, on made-up data."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from PIL import Image as Picture
from std_msgs.msg import Header

from eovseg_ros.demo.live_demo import LiveDemo
from eovseg_ros.demo.space.cloud_recorder import CloudRecorder
from eovseg_ros.demo.space.cloud_views import draw_views
from eovseg_ros.demo.space.ground import find_ground
from eovseg_ros.demo.space.true_positions import TruePositions, paired_positions, position_table
from eovseg_ros.demo.stamp_join import StampJoin
from eovseg_ros.messages import FrameSpace, SegmentedFrame, array_to_image, camera_model, points_message
from eovseg_ros.msg import PanopticSegmentation, Segment
from eovseg_ros.simulation.camera_messages import FrameMessages


def segment(number, label="ball", position=(0.0, 0.0, 1.0), *, area=0, is_thing=True, track=0):
    message = Segment(id=number, label=label, is_thing=is_thing, pixel_area=area, track_id=track)
    message.has_position = position is not None
    if position:
        message.position = Point(x=position[0], y=position[1], z=position[2])
    return message


def segments_of(*segments):
    return PanopticSegmentation(segments=segments)


FOUND = np.array([[1, 1, 1, 2], [0, 0, 3, 2]], np.uint16)
TRUE = np.array([[7, 7, 8, 9], [0, 0, 8, 9]], np.uint16)


def test_things_are_paired_by_more_than_half_of_their_union():
    """1 and 7 share 2 of 3 pixels, 2 and 9 all of 2, 3 and 8 only 1 of 2: that is half."""
    found = segments_of(segment(1, position=(0.0, 0.0, 1.0), area=3), segment(2, area=2), segment(3, area=1))
    true = segments_of(segment(7, position=(0.3, 0.4, 1.0), area=2), segment(8, area=2), segment(9, area=2))
    pairs = paired_positions(FOUND, found, TRUE, true)
    assert [(p.found.id, p.true.id) for p in pairs] == [(1, 7), (2, 9)]
    assert pairs[0].distance == pytest.approx(0.5)


@pytest.mark.parametrize("left_out", [{"position": None}, {"is_thing": False}])
@pytest.mark.parametrize("side", ["found", "true"])
def test_stuff_and_things_without_position_are_not_compared(side, left_out):
    found, true = ({"area": 2} | (left_out if side == name else {}) for name in ("found", "true"))
    assert not paired_positions(
        FOUND, segments_of(segment(2, **found)), TRUE, segments_of(segment(9, **true))
    )


def test_the_table_begins_with_the_nearest_and_has_centimetres():
    found = segments_of(
        segment(1, "red cube", (0.1, -0.25, 1.5), area=3, track=12),
        segment(2, "mug", (0.0, 0.0, 1.0), area=2),
    )
    true = segments_of(segment(7, "x", (0.1, -0.22, 1.54), area=2), segment(9, "y", (0.0, 0.0, 1.0), area=2))
    header, mug, cube = position_table(paired_positions(FOUND, found, TRUE, true)).splitlines()
    assert header.split() == "thing x, y, z in metres true position apart".split()
    assert mug.split() == "mug 0.00 0.00 1.00 0.00 0.00 1.00 0.0 cm".split()
    assert cube.split() == "red cube #12 0.10 -0.25 1.50 0.10 -0.22 1.54 5.0 cm".split()
    assert len({len(line) for line in (header, mug, cube)}) == 1


def test_the_summary_has_median_and_90th_percentile():
    positions = object.__new__(TruePositions)
    positions.distances, positions.frames = [], 4
    assert positions.summary() == "positions: none to compare with the true ones"
    positions.distances = [i / 100 for i in range(11)]  # 0 to 10 cm
    assert positions.summary() == (
        "positions: 5.0 cm from the true ones (median), 9.0 cm (90th percentile), 11 in 4 frames"
    )


class Topics:
    """A stand-in for a node; `send` and `publish` call back as a subscription does."""

    def __init__(self):
        self._callbacks = {}

    def create_subscription(self, kind, topic, callback, depth):
        self._callbacks[topic] = callback

    def send(self, topic, second):
        message = SimpleNamespace(header=Header(stamp=Time(sec=second)))
        self._callbacks[topic](message)
        return message

    def publish(self, topic, message, second):
        message.header.stamp.sec = second
        self._callbacks[topic](message)


def test_every_frame_is_compared_with_its_truth_and_the_newest_are_remembered():
    topics = Topics()
    positions = TruePositions(topics)
    for second in range(1, 41):
        x = second / 100  # metres apart
        topics.publish("/eovseg/panoptic", array_to_image(FOUND, "16UC1", Header()), second)
        topics.publish("/camera/truth/panoptic", array_to_image(TRUE, "16UC1", Header()), second)
        topics.publish("/eovseg/segments", segments_of(segment(2, position=(x, 0.0, 1.0), area=2)), second)
        topics.publish("/camera/truth/segments", segments_of(segment(9, area=2)), second)
    assert positions.frames == 40
    assert positions.distances == pytest.approx([second / 100 for second in range(1, 41)])
    assert positions.pairs((10, 0)) is None and positions.pairs((41, 0)) is None
    assert [pair.distance for pair in positions.pairs((11, 0))] == pytest.approx([0.11])


def test_messages_of_a_stamp_are_joined_in_any_order_and_older_ones_dropped():
    topics, joined = Topics(), []
    StampJoin(topics, {"one": (object, "/one"), "two": (object, "/two")}, joined.append)
    topics.send("/one", 1)
    two = topics.send("/two", 2)
    one = topics.send("/one", 2)
    assert joined == [{"one": one, "two": two}]
    topics.send("/two", 1)  # too late
    assert len(joined) == 1
    for second in range(3, 90):
        topics.send("/one", second)
    topics.send("/two", 3)  # forgotten: the join is of bounded size
    assert len(joined) == 1
    topics.send("/two", 89)
    assert len(joined) == 2


def floor_points(down, height):
    """Points of the floor for a camera that looks down by an angle, with noise of a millimetre."""
    rng = np.random.default_rng(0)
    ahead, right = rng.uniform(1, 3, 500), rng.uniform(-1, 1, 500)
    cos, sin = np.cos(down), np.sin(down)
    points = np.stack([right, height * cos - ahead * sin, height * sin + ahead * cos], axis=1)
    return points + rng.normal(0, 0.001, points.shape)


@pytest.mark.parametrize("down", [0.0, 0.4])
def test_the_ground_is_the_floor_below_the_camera(down):
    points = floor_points(down, 0.8)
    points[:40] += (0.0, -0.5, 0.0)  # what was taken for the floor by mistake
    ground = find_ground(points)
    assert ground.up == pytest.approx([0, -np.cos(down), -np.sin(down)], abs=0.01)
    assert ground.ahead == pytest.approx([0, -np.sin(down), np.cos(down)], abs=0.01)
    assert ground.right == pytest.approx([1, 0, 0], abs=0.01)
    assert ground.origin == pytest.approx(-0.8 * ground.up, abs=0.01)


@pytest.mark.parametrize("points", [np.zeros((0, 3)), floor_points(0.0, 0.8)[:99], floor_points(1.4, 0.8)])
def test_without_a_usable_floor_the_ground_is_a_metre_below_a_level_camera(points):
    ground = find_ground(points)
    assert (ground.origin.tolist(), ground.up.tolist()) == ([0, 1, 0], [0, -1, 0])
    assert (ground.right.tolist(), ground.ahead.tolist()) == ([1, 0, 0], [0, 0, 1])


def test_a_demo_without_points_says_why_and_goes_on(capsys):
    camera = SimpleNamespace(depth_error="no depth image on /camera/depth")
    demo = object.__new__(LiveDemo)
    demo._client = SimpleNamespace(status=SimpleNamespace(cameras=[camera]))
    demo._recorder = SimpleNamespace(save_picture=lambda name: Path(f"{name}.png"))
    calls = []
    demo._clouds = SimpleNamespace(
        newest=None, ask=lambda: calls.append("ask"), stop=lambda: calls.append("stop")
    )
    assert demo._save_picture("1_act", 1, late=False) == Path("1_act_1.png")
    assert demo._save_picture("1_act", 2, late=False) is None and calls == ["ask"]
    assert demo._save_picture("1_act", 2, late=True) == Path("1_act_2.png") and calls == ["ask", "stop"]
    assert capsys.readouterr().out == "   no points and positions: no depth image on /camera/depth\n"


def room():
    """A camera 0.8 m above the floor, with a cube 2 m ahead: rgb, depth, ids and segments."""
    height, width, focal = 120, 160, 120.0
    y, x = np.mgrid[:height, :width]
    rays = np.stack([(x - 79.5) / focal, (y - 59.5) / focal], axis=2)
    depth = np.full((height, width), 3.0, np.float32)  # a wall
    ids = np.ones((height, width), np.int32)
    below = rays[:, :, 1] > 0.8 / 3
    depth[below], ids[below] = 0.8 / rays[:, :, 1][below], 2
    cube = (np.abs(rays[:, :, 0]) < 0.1) & (rays[:, :, 1] > 0.2) & (rays[:, :, 1] < 0.4)
    depth[cube], ids[cube] = 2.0, 3
    rgb = np.full((height, width, 3), 90, np.uint8)
    true = [
        SimpleNamespace(id=1, label="wall", is_thing=False),
        SimpleNamespace(id=2, label="floor", is_thing=False),
        SimpleNamespace(id=3, label="red cube", is_thing=True),
    ]
    lens = {"fx": focal, "fy": focal, "cx": 79.5, "cy": 59.5}
    return SimpleNamespace(rgb=rgb, depth=depth, segment_ids=ids, segments=true, **lens)


def test_both_views_show_the_thing_with_colour_box_and_title():
    frame = room()
    truth = FrameMessages(frame, (160, 120))
    segments = truth.true_segments.segments
    camera = camera_model(truth.camera_info, rectified=False)
    points = camera.unproject(frame.depth).reshape(-1, 3)

    def views():
        return draw_views(points, frame.rgb.reshape(-1, 3), frame.segment_ids.ravel(), segments)

    before = views()
    segments[2].label = "ball"  # another colour and title, nothing else
    for view, other in zip(before, views(), strict=True):
        assert view.shape == (620, 960, 3)
        changed = (view != other).any(axis=2)
        assert 0.003 < changed.mean() < 0.1
        assert ((view == 255).all(axis=2) & changed).any()  # the letters


def test_a_recorded_cloud_becomes_a_picture(tmp_path):
    frame = room()
    truth = FrameMessages(frame, (160, 120))
    segments = truth.true_segments
    message = points_message(
        SegmentedFrame(
            header=truth.header,
            rgb=frame.rgb,
            panoptic=frame.segment_ids.astype(np.uint16),
            segments=segments.segments,
            vocabulary_version=1,
            class_count=60,
            space=FrameSpace(frame.depth, camera_model(truth.camera_info, rectified=False), "camera"),
        ),
        1,
    )
    recorder = CloudRecorder(None, tmp_path)
    recorder._take(message)
    assert recorder.newest == (0, 0)
    recorder.keep("room_cloud", segments)
    assert recorder.draw() == [tmp_path / "room_cloud.png"]
    picture = np.array(Picture.open(tmp_path / "room_cloud.png"))
    camera = camera_model(truth.camera_info, rectified=False)
    expected = draw_views(
        camera.unproject(frame.depth).reshape(-1, 3).astype(np.float32),
        frame.rgb.reshape(-1, 3),
        frame.segment_ids.ravel(),
        segments.segments,
    )
    assert (picture != np.hstack(expected)).mean() < 1e-3
