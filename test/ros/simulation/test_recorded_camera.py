"""The recorded camera in a process of its own."""

import time

import numpy as np
import pytest
from graph import BEST_EFFORT, RELIABLE, stamp_of
from sensor_msgs.msg import CameraInfo, Image

from eovseg_model.simulation.catalog import CATALOG
from eovseg_model.simulation.frame import Frame, TrueSegment
from eovseg_model.simulation.recording import Recording
from eovseg_model.simulation.recording_writer import write_recording
from eovseg_ros.messages.images import image_to_array
from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.processes import Ending
from eovseg_ros.simulation import recorded_camera
from eovseg_ros.simulation.recorded_camera_node import ROBOT_VIEW

TOPICS = {
    "image_raw": Image,
    "camera_info": CameraInfo,
    "depth": Image,
    "truth/panoptic": Image,
    "truth/segments": PanopticSegmentation,
}
FRAMES, RATE = 6, 20.0
SEGMENTS = [TrueSegment(1, "floor", False), TrueSegment(2, "red mug", True)]


@pytest.fixture
def recording(tmp_path):
    """0.3 s at 20 Hz; frame i is (40 x i) grey, 1 m + 0.25 m x i away, its mug i + 1 columns wide."""
    frames = []
    for i in range(FRAMES):
        ids = np.ones((12, 16), np.int32)
        ids[:, : i + 1] = 2
        rgb, depth = np.full((12, 16, 3), 40 * i, np.uint8), np.full((12, 16), 1 + 0.25 * i, np.float32)
        frames.append(Frame(rgb, depth, ids, SEGMENTS, 20.0, 20.0, 7.5, 5.5))
    write_recording(tmp_path / "grey.zip", frames, rate=RATE, frames_per_scene=FRAMES)
    return str(tmp_path / "grey.zip")


def number_of(image):
    """Which frame an image shows."""
    return round(image_to_array(image).mean() / 40)


def collect_camera(graph):
    return {name: graph.collect(kind, f"/camera/{name}", RELIABLE) for name, kind in TOPICS.items()}


def complete_frame(graph, topics, wanted=lambda image: True):
    """The messages of the first wanted image that has one on every topic."""

    def look():
        for image in list(topics["image_raw"]):
            together = {n: [m for m in list(t) if stamp_of(m) == stamp_of(image)] for n, t in topics.items()}
            if wanted(image) and all(together.values()):
                return {name: messages[0] for name, messages in together.items()}

    return graph.wait(look, 30, "one frame on every topic")


def test_every_topic_shows_the_same_frame_of_the_shipped_recording(graph, start):
    topics = collect_camera(graph)
    parameters = {"position": 12.5, "playing": True, "loop": False}
    start("eovseg_ros.simulation.recorded_camera", parameters=parameters)
    messages = complete_frame(graph, topics)
    with Recording(ROBOT_VIEW) as shipped:
        pictures = {shipped.rgb(i).tobytes(): i for i in range(125, 225)}
        frame = shipped.frame(pictures[bytes(messages["image_raw"].data)])
    for message in messages.values():
        assert message.header.frame_id == "camera_optical_frame"
        assert (message.height, message.width) == (240, 320)
    np.testing.assert_array_equal(image_to_array(messages["depth"]), frame.depth)
    np.testing.assert_array_equal(image_to_array(messages["truth/panoptic"]), frame.segment_ids)
    info = messages["camera_info"]
    assert (info.k[0], info.k[4], info.k[2], info.k[5]) == frame[4:]
    assert info.header == messages["depth"].header == messages["image_raw"].header
    segments = messages["truth/segments"].segments
    assert [(s.id, s.label, s.is_thing) for s in segments] == [tuple(s) for s in frame.segments]
    for s in segments:
        assert (s.pixel_area, s.label) == ((frame.segment_ids == s.id).sum(), CATALOG[s.class_id])


def test_it_plays_in_order_at_its_rate_and_starts_over_with_new_stamps(graph, start, recording):
    images = graph.collect(Image, "/camera/image_raw")
    start("eovseg_ros.simulation.recorded_camera", parameters={"file": recording})
    graph.wait(lambda: len(images) > 4 * FRAMES, 20, "four rounds")
    numbers = [number_of(m) for m in images]
    steps = {(b - a) % FRAMES for a, b in zip(numbers, numbers[1:], strict=False)}
    assert steps == {1} and set(numbers) == set(range(FRAMES))
    stamps = [stamp_of(m) for m in images]
    assert np.median(np.diff(stamps)) == pytest.approx(1e9 / RATE, rel=0.2)
    now = graph.node.get_clock().now().nanoseconds
    assert all(0 < now - stamp < 30e9 for stamp in stamps)


def test_another_rate_and_size(graph, start, recording):
    """Twice as wide and three times as high: pixel 0 reaches from -0.5 to 0.5, so 7.5 becomes 15.5."""
    topics = collect_camera(graph)
    size = {"width": 32, "height": 36}
    start("eovseg_ros.simulation.recorded_camera", parameters={"file": recording, "rate": 40, **size})
    messages = complete_frame(graph, topics, lambda image: number_of(image) == 3)
    assert {(m.height, m.width) for m in messages.values()} == {(36, 32)}
    assert list(messages["camera_info"].k) == [40, 0, 15.5, 0, 60, 17.5, 0, 0, 1]
    np.testing.assert_array_equal(np.unique(image_to_array(messages["depth"])), np.float32([250 / 143]))
    truth = image_to_array(messages["truth/panoptic"])
    assert (truth[:, :8] == 2).all() and (truth[:, 8:] == 1).all()
    assert {s.id: s.pixel_area for s in messages["truth/segments"].segments} == {1: 36 * 24, 2: 36 * 8}
    images = topics["image_raw"]
    graph.wait(lambda: len(images) > 40, 20, "40 images")
    assert np.median(np.diff([stamp_of(m) for m in images])) == pytest.approx(1e9 / 40, rel=0.2)


def test_a_smaller_size_has_the_depth_and_segments_of_the_nearest_pixels(graph, start, tmp_path):
    """A third of the height: row 0 has the centre of rows 0 to 2, which is row 1."""
    ids, depth = np.ones((12, 16), np.int32), np.empty((12, 16), np.float32)
    ids[1::3] = 2
    depth[:] = 1 + np.arange(12)[:, None] / 8
    frame = Frame(np.zeros((12, 16, 3), np.uint8), depth, ids, SEGMENTS, 20.0, 20.0, 7.5, 5.5)
    write_recording(tmp_path / "rows.zip", [frame], rate=RATE, frames_per_scene=1)
    topics = collect_camera(graph)
    parameters = {"file": str(tmp_path / "rows.zip"), "height": 4}
    start("eovseg_ros.simulation.recorded_camera", parameters=parameters)
    messages = complete_frame(graph, topics)
    assert image_to_array(messages["depth"])[:, 0] == pytest.approx(depth[1::3, 0], rel=0.005)
    assert (image_to_array(messages["truth/panoptic"]) == 2).all()
    assert messages["camera_info"].k[5] == pytest.approx(6 / 3 - 0.5)


def test_true_segments_are_where_depth_and_intrinsics_put_them(graph, start, recording):
    """Frame 3: 250 / 143 m away, with a focal length of 20 pixels. The mug has columns 0 to 3, its inner ones
    are 0 to 2 with the median 1, 6.5 to the left of the optical axis."""
    topics = collect_camera(graph)
    start("eovseg_ros.simulation.recorded_camera", parameters={"file": recording})
    messages = complete_frame(graph, topics, lambda image: number_of(image) == 3)
    truth, z = messages["truth/segments"], 250 / 143
    assert truth.position_frame == "camera_optical_frame"
    floor, mug = truth.segments
    assert floor.has_position and mug.has_position
    assert mug.position.x == pytest.approx(-6.5 * z / 20)
    assert (mug.position.z, floor.position.z) == pytest.approx((z, z))
    assert mug.box.size.x == pytest.approx(3 * z / 20, rel=0.01)  # from the centre of column 0 to that of 3
    assert mug.box.size.z == pytest.approx(11 * z / 20, rel=0.01)
    assert mug.box.center.position.x == pytest.approx((1.5 - 7.5) * z / 20, abs=0.001)


def test_recorded_stamps_rise_over_rounds_and_seeks(graph, start, recording):
    """The first round has 1 s to 1.25 s, the second 1.3 s and so on; a seek back begins a round."""
    images = graph.collect(Image, "/camera/image_raw")
    start("eovseg_ros.simulation.recorded_camera", parameters={"file": recording, "stamps": "recorded"})
    graph.wait(lambda: len(images) > 2 * FRAMES, 20, "two rounds")
    assert graph.set("/recorded_camera", position=0.05)[0].successful
    count = len(images)
    graph.wait(lambda: len(images) > count + 2 * FRAMES, 20, "two more rounds")
    stamps = [stamp_of(m) for m in images]
    assert stamps == sorted(set(stamps)) and stamps[0] < 1.3e9 + 30e9
    for image, stamp in zip(images, stamps, strict=True):
        assert (stamp - 10**9) % 300_000_000 == 50_000_000 * number_of(image)


def test_it_stops_at_the_end_says_so_and_plays_on_from_a_new_position(graph, start, recording):
    images = graph.collect(Image, "/camera/image_raw")
    parameters = {"file": recording, "loop": False, "playing": False}
    camera = start("eovseg_ros.simulation.recorded_camera", parameters=parameters)
    camera.wait_for_log("playing 0.3 s", 20)
    graph.wait(lambda: graph.node.count_publishers("/camera/image_raw"), 20, "the camera")
    assert graph.set("/recorded_camera", playing=True)[0].successful
    camera.wait_for_log("played to the end; set 'position' to play again", 20)
    graph.wait(lambda: images and number_of(images[-1]) == 5, 20, "the last frame")
    images.clear()
    time.sleep(4 / RATE)
    assert not images
    assert graph.set("/recorded_camera", position=0.2)[0].successful  # frame 4
    graph.wait(lambda: len(images) == 2, 20, "the last two frames")
    assert [number_of(m) for m in images] == [4, 5]
    assert camera.returncode is None


def test_a_wrong_value_is_refused_and_changes_nothing(graph, start, recording):
    camera = start("eovseg_ros.simulation.recorded_camera", parameters={"file": recording, "playing": False})
    camera.wait_for_log("playing 0.3 s", 20)
    for wrong, reason in (
        ({"position": 0.3}, "'position' must be a number from 0 to 0.25, got 0.3"),
        ({"position": -1}, "'position' must be a number from 0 to 0.25, got -1"),
        ({"position": "start"}, "'position' must be a number from 0 to 0.25, got 'start'"),
        ({"playing": 1}, "'playing' must be true or false, got 1"),
        ({"rate": 5.0}, "read-only"),
    ):
        (result,) = graph.set("/recorded_camera", **wrong)
        assert not result.successful and reason in result.reason
    images = graph.collect(Image, "/camera/image_raw")
    assert graph.set("/recorded_camera", playing=True)[0].successful
    graph.wait(lambda: len(images) > 2, 20, "images")


def test_what_nobody_subscribes_to_is_not_decoded(graph, start, recording):
    """A recording whose depth and truth are broken plays as long as nobody wants them, then ends."""
    with open(recording, "r+b") as file:
        content = file.read()
        for name in (b"depth/", b"segments/"):
            for i in range(FRAMES):
                file.seek(content.index(name + b"%05d.png" % i) + 40)
                file.write(b"broken")
    images = graph.collect(Image, "/camera/image_raw")
    camera = start("eovseg_ros.simulation.recorded_camera", parameters={"file": recording})
    graph.wait(lambda: len(images) > 2 * FRAMES, 20, "images")
    camera.check_running()
    graph.collect(Image, "/camera/depth")
    assert camera.wait(20) == 1
    assert f"cannot read the recording {recording}: depth/0000" in camera.log
    assert "Traceback" not in camera.log


def test_best_effort_where_asked_for_and_ctrl_c_ends_it_cleanly(graph, start, recording):
    images = graph.collect(Image, "/camera/image_raw", BEST_EFFORT)
    camera = start("eovseg_ros.simulation.recorded_camera", parameters={"file": recording, "reliable": False})
    graph.wait(lambda: images, 20, "images")
    offers = graph.node.get_publishers_info_by_topic("/camera/image_raw")
    assert [o.qos_profile.reliability for o in offers] == [BEST_EFFORT.reliability]
    camera.interrupt()
    assert camera.wait(5) == 0
    assert "Traceback" not in camera.log


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("file", "/no/such.zip", "cannot read the recording /no/such.zip: No such file or directory"),
        ("file", __file__, f"cannot read the recording {__file__}: File is not a zip file"),
        ("file", "7", "'file' must be a string, got 7"),
        ("rate", 0.01, "'rate' must be 0 or a number from 0.1 to 1000, got 0.01"),
        ("rate", -1, "'rate' must be a number from 0 to 1000, got -1"),
        ("width", 32.5, "'width' must be a whole number from 0 to 8192, got 32.5"),
        ("loop", 1, "'loop' must be true or false, got 1"),
        ("stamps", "mine", "'stamps' must be 'now' or 'recorded', got 'mine'"),
        ("position", 56, "'position' must be a number from 0 to 55.9, got 56"),
    ],
)
def test_a_wrong_parameter_is_one_clear_line(capfd, name, value, reason):
    assert recorded_camera.run(Ending(), ["--ros-args", "-p", f"{name}:={value}"]) == 1
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert reason in line
