"""The simulated camera in a process of its own."""

import itertools

import numpy as np
import pytest

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from graph import BEST_EFFORT, RELIABLE, stamp_of
from sensor_msgs.msg import CameraInfo, Image

from eovseg_model.simulation.catalog import CATALOG
from eovseg_model.simulation.robot_frames import rendered_frames
from eovseg_ros.messages.images import image_to_array
from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.processes import Ending
from eovseg_ros.simulation import sim_camera

TOPICS = {
    "image_raw": Image,
    "camera_info": CameraInfo,
    "depth": Image,
    "truth/panoptic": Image,
    "truth/segments": PanopticSegmentation,
}


def collect_camera(graph, qos=RELIABLE):
    return {name: graph.collect(kind, f"/camera/{name}", qos) for name, kind in TOPICS.items()}


def first_complete(graph, topics):
    """The messages of the first stamp that has one on every topic."""

    def look():
        common = set.intersection(*({stamp_of(m) for m in list(messages)} for messages in topics.values()))
        return common and min(common)

    stamp = graph.wait(look, 30, "one frame on every topic")
    return {name: next(m for m in messages if stamp_of(m) == stamp) for name, messages in topics.items()}


def test_every_topic_shows_the_same_scene(graph, start):
    topics = collect_camera(graph)
    start("eovseg_ros.simulation.sim_camera", parameters={"width": 160, "height": 120, "seed": 5})
    frame = first_complete(graph, topics)
    for message in frame.values():
        assert message.header.frame_id == "camera_optical_frame"
        assert (message.height, message.width) == (120, 160)
    assert [frame[name].encoding for name in ("image_raw", "depth", "truth/panoptic")] == [
        "rgb8",
        "32FC1",
        "16UC1",
    ]

    depth = image_to_array(frame["depth"])
    assert 0.3 < depth.min() < depth.max() <= 12.0  # metres, in a room
    info = frame["camera_info"]
    focal_length = 60 / np.tan(np.radians(52 / 2))  # 52 degrees from top to bottom
    assert info.k[0] == info.k[4] == pytest.approx(focal_length)
    assert (info.k[2], info.k[5]) == pytest.approx((79.5, 59.5), abs=1)
    np.testing.assert_array_equal(info.p.reshape(3, 4)[:, :3], info.k.reshape(3, 3))

    truth = image_to_array(frame["truth/panoptic"])
    segments = frame["truth/segments"].segments
    assert {"floor", "wall"} < {s.label for s in segments}
    assert sum(s.is_thing for s in segments) >= 2
    for s in segments:
        assert (s.pixel_area, s.label) == (np.count_nonzero(truth == s.id), CATALOG[s.class_id])
    assert sum(s.pixel_area for s in segments) == np.count_nonzero(truth)

    assert info.header == frame["depth"].header == frame["image_raw"].header
    assert frame["truth/segments"].position_frame == "camera_optical_frame"
    for s in segments:  # positions are on their own visible surface
        x, y, z = s.position.x, s.position.y, s.position.z
        column, row = round(x / z * info.k[0] + info.k[2]), round(y / z * info.k[4] + info.k[5])
        assert s.has_position and truth[row, column] == s.id
        assert depth[row, column] == pytest.approx(z, rel=0.02)


def test_replay_repeats_its_frames_with_new_stamps_at_the_rate_asked_for(graph, start):
    images = graph.collect(Image, "/camera/image_raw")
    parameters = {"width": 64, "height": 48, "replay": 5, "rate": 30.0}
    start("eovseg_ros.simulation.sim_camera", parameters=parameters)
    graph.wait(lambda: len(images) > 30, 30, "30 images")
    pictures = [bytes(m.data) for m in images]
    assert len(set(pictures)) == 5
    assert pictures[5:30] == pictures[:25]
    stamps = [stamp_of(m) for m in images]
    assert np.median(np.diff(stamps)) == pytest.approx(1e9 / 30, rel=0.2)


def test_the_seed_decides_what_is_seen_and_scenes_follow_each_other():
    def pictures(seed):
        frames = rendered_frames(seed=seed, kept_out=False, frames_per_scene=2, step=0.5, size=(64, 48))
        return [frame.rgb.tobytes() for frame in itertools.islice(frames, 4)]

    scenes_5_and_6, scenes_6_and_7 = pictures(5), pictures(6)
    assert pictures(5) == scenes_5_and_6
    assert scenes_5_and_6[2:] == scenes_6_and_7[:2]
    assert len({*scenes_5_and_6, *scenes_6_and_7}) == 6


def test_best_effort_where_asked_for_as_drivers_do(graph, start):
    images = graph.collect(Image, "/camera/image_raw", BEST_EFFORT)
    start("eovseg_ros.simulation.sim_camera", parameters={"width": 64, "height": 48, "reliable": False})
    graph.wait(lambda: images, 20, "images")
    offers = graph.node.get_publishers_info_by_topic("/camera/image_raw")
    assert [o.qos_profile.reliability for o in offers] == [BEST_EFFORT.reliability]


def test_ctrl_c_ends_it_cleanly(graph, start):
    images = graph.collect(Image, "/camera/image_raw")
    camera = start("eovseg_ros.simulation.sim_camera", parameters={"rate": 30.0})
    graph.wait(lambda: images, 20, "images")
    camera.interrupt()
    assert camera.wait(5) == 0
    assert "Traceback" not in camera.log


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("rate", 0, "'rate' must be a number from 0.1 to 1000, got 0"),
        ("width", 32.5, "'width' must be a whole number from 8 to 8192, got 32.5"),
        ("kept_out", 1, "'kept_out' must be true or false, got 1"),
    ],
)
def test_a_wrong_parameter_is_one_clear_line(capfd, name, value, reason):
    assert sim_camera.run(Ending(), ["--ros-args", "-p", f"{name}:={value}"]) == 1
    assert reason in capfd.readouterr().err
