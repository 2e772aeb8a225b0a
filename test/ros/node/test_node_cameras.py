"""Several cameras, one model, over real DDS: topics, fairness, faults of one camera, depth of each."""

import threading
import time

import numpy as np
import pytest
from graph import BEST_EFFORT, image_publisher, squares, stamp_of
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from eovseg_ros.messages.images import array_to_image, image_to_array
from eovseg_ros.msg import PanopticSegmentation, Status, Vocabulary


def cameras_of(start, *names, **parameters):
    """The node with the stand-in model and these cameras."""
    given = {"cameras": list(names), "vocabulary": ["cup", "ball", "floor|stuff"], "diagnostics_rate": 10.0}
    node = start("fake_node", parameters=given | parameters)
    node.wait_for_log(f"segmenting /{names[-1]}/image", 20)
    return node


class Feed:
    """Publishes pictures of one colour at a rate, in a thread."""

    def __init__(self, graph, camera, red, rate, size=(60, 80)):
        self.publisher = image_publisher(graph, f"/{camera}/image")
        self.stop = threading.Event()
        self._make = lambda: graph.picture(squares((red, 0), size=size), frame_id=camera)
        self._thread = threading.Thread(target=self._run, args=(1 / rate,))
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop.set()
        self._thread.join()

    def _run(self, period):
        while not self.stop.wait(period):
            self.publisher.publish(self._make())


def test_each_camera_has_its_own_topics_tracks_and_status_and_all_have_one_vocabulary(graph, start):
    segments = {n: graph.collect(PanopticSegmentation, f"/eovseg/{n}/segments") for n in ("front", "rear")}
    panoptic = graph.collect(Image, "/eovseg/rear/panoptic")
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary")
    statuses = graph.collect(Status, "/eovseg/status")
    reports = []
    from diagnostic_msgs.msg import DiagnosticArray

    graph.node.create_subscription(DiagnosticArray, "/diagnostics", reports.append, 10)
    cameras_of(start, "front", "rear")
    with Feed(graph, "front", 1, 20), Feed(graph, "rear", 7, 20):
        graph.wait(lambda: all(len(found) > 3 for found in segments.values()) and panoptic)
        assert {m.header.frame_id for m in segments["front"]} == {"front"}
        assert {m.header.frame_id for m in segments["rear"]} == {"rear"}
        assert [s.id for s in segments["front"][-1].segments] == [1]
        assert [s.id for s in segments["rear"][-1].segments] == [7]
        # Both trackers count from 1: a track belongs to one camera.
        assert segments["front"][-1].segments[0].track_id == segments["rear"][-1].segments[0].track_id == 1
        assert image_to_array(panoptic[-1]).max() == 7
        graph.wait(lambda: statuses and all(camera.published > 3 for camera in statuses[-1].cameras))
        assert [c.name for c in statuses[-1].cameras] == ["front", "rear"]
        assert [c.image_topic for c in statuses[-1].cameras] == ["/front/image", "/rear/image"]
        graph.set("/eovseg", vocabulary=["mug"])
        graph.wait(lambda: all(found[-1].vocabulary_version == 2 for found in segments.values()))
        assert [s.label for found in segments.values() for s in found[-1].segments] == ["mug", "mug"]
    assert [message.version for message in vocabularies][-1] == 2
    assert [entry.name for entry in reports[-1].status] == [
        "/eovseg: segmentation of front",
        "/eovseg: segmentation of rear",
    ]
    topics = dict(graph.node.get_topic_names_and_types())
    assert "/eovseg/segments" not in topics and "/image" not in topics


def test_cameras_of_equal_rates_get_equal_shares_of_a_busy_model(graph, start, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "0.02")
    statuses = graph.collect(Status, "/eovseg/status")
    cameras_of(start, "a", "b", "c")
    with Feed(graph, "a", 1, 30), Feed(graph, "b", 2, 30), Feed(graph, "c", 3, 30):
        graph.wait(lambda: statuses and min(c.published for c in statuses[-1].cameras) > 5, 30)
        before = [camera.published for camera in statuses[-1].cameras]
        graph.wait(lambda: min(c.published for c in statuses[-1].cameras) > 80, 30)
        counts = [c.published - n for c, n in zip(statuses[-1].cameras, before, strict=True)]
    assert max(counts) <= 1.1 * min(counts)
    assert min(camera.replaced for camera in statuses[-1].cameras) > 0  # it was too busy for all


def test_a_stopped_a_slow_and_a_broken_camera_hold_up_no_other(graph, start):
    statuses = graph.collect(Status, "/eovseg/status")
    good = graph.collect(PanopticSegmentation, "/eovseg/good/segments")
    node = cameras_of(start, "stopped", "slow", "broken", "tripping", "good")
    broken = image_publisher(graph, "/broken/image", BEST_EFFORT)
    tripping = image_publisher(graph, "/tripping/image")
    with Feed(graph, "slow", 1, 1), Feed(graph, "good", 2, 20):
        for _ in range(40):
            picture = graph.picture(squares((3, 0)), frame_id="broken")
            picture.encoding = "rainbow8"
            broken.publish(picture)
            magenta = np.zeros((60, 80, 3), np.uint8)
            magenta[0, 0] = 255, 0, 255  # the stand-in trips over it
            tripping.publish(graph.picture(magenta, frame_id="tripping"))
            time.sleep(0.05)
        graph.wait(lambda: len(good) > 30)
    graph.wait(lambda: statuses[-1].cameras[4].published > 30)
    _, slow, bad, tripped, fine = statuses[-1].cameras
    assert "rainbow8" in bad.image_error and bad.bad_images > 3 and bad.published == 0
    assert tripped.frame_error == "RuntimeError: the model tripped" and tripped.failed_frames > 3
    assert (fine.image_error, fine.frame_error, fine.bad_images, fine.failed_frames) == ("", "", 0, 0)
    assert slow.published > 0 and fine.replaced < 0.2 * fine.received
    assert "of camera broken" in node.log and "of camera tripping" in node.log


def test_max_rate_is_that_of_each_camera(graph, start):
    segments = {n: graph.collect(PanopticSegmentation, f"/eovseg/{n}/segments") for n in ("a", "b")}
    cameras_of(start, "a", "b", max_rate=5.0)
    with Feed(graph, "a", 1, 30), Feed(graph, "b", 2, 30):
        graph.wait(lambda: all(segments.values()))
        before, begun = {n: len(found) for n, found in segments.items()}, time.monotonic()
        time.sleep(3)
        counts = [len(found) - before[n] for n, found in segments.items()]
        most = 5 * (time.monotonic() - begun) + 1
    assert all(8 <= count <= most for count in counts)


def test_a_batch_of_cameras_gives_each_its_own_result(graph, start, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "0.05")
    segments = {n: graph.collect(PanopticSegmentation, f"/eovseg/{n}/segments") for n in ("a", "b", "c")}
    cameras_of(start, "a", "b", "c", batch_cameras=3)
    with Feed(graph, "a", 1, 20), Feed(graph, "b", 2, 20), Feed(graph, "c", 3, 20, size=(40, 70)):
        graph.wait(lambda: all(len(found) > 10 for found in segments.values()))
    for number, (name, found) in enumerate(segments.items(), start=1):
        assert all([s.id for s in message.segments] == [number] for message in found)
        stamps = [stamp_of(message) for message in found]
        assert stamps == sorted(stamps) and {m.header.frame_id for m in found} == {name}


@pytest.mark.parametrize("cameras", [["front", "front"], ["vocabulary"], ["2nd"], ["a/b"], [""]])
def test_names_that_cannot_be_topics_end_the_start_with_one_line(start, cameras):
    node = start("fake_node", parameters={"cameras": cameras, "vocabulary": ["cup"]})
    graph_error = "'cameras' has"
    node.wait_for_log(graph_error, 20)
    assert node.wait(10) == 1


def test_depth_belongs_to_its_camera(graph, start):
    segments = {
        n: graph.collect(PanopticSegmentation, f"/eovseg/{n}/segments") for n in ("near", "far", "none")
    }
    statuses = graph.collect(Status, "/eovseg/status")
    cameras_of(start, "near", "far", "none", use_depth=True)
    images = {n: image_publisher(graph, f"/{n}/image") for n in segments}
    depths = {n: graph.node.create_publisher(Image, f"/{n}/depth", 10) for n in ("near", "far")}
    infos = {n: graph.node.create_publisher(CameraInfo, f"/{n}/camera_info", 10) for n in ("near", "far")}
    k = [80.0, 0.0, 39.5, 0.0, 80.0, 29.5, 0.0, 0.0, 1.0]

    def publish():
        for name in segments:
            picture = graph.picture(squares((1, 0)), frame_id=name)
            header: Header = picture.header
            if name in depths:
                metres = np.full((60, 80), 1.0 if name == "near" else 3.0, np.float32)
                depths[name].publish(array_to_image(metres, "32FC1", header))
                infos[name].publish(CameraInfo(header=header, width=80, height=60, k=k))
            images[name].publish(picture)
        time.sleep(0.05)
        return all(
            found[-1].segments[0].has_position for n, found in segments.items() if found and n in depths
        ) and all(segments.values())

    graph.wait(publish, 20, "positions of two cameras")
    assert segments["near"][-1].segments[0].position.z == pytest.approx(1.0)
    assert segments["far"][-1].segments[0].position.z == pytest.approx(3.0)
    assert segments["far"][-1].position_frame == "far"
    # Columns 5 to 14, rows 10 to 19: the centre is 30 pixels left of the middle, and 15 above it.
    centre = segments["far"][-1].segments[0].box.center.position
    assert (centre.x, centre.y) == (
        pytest.approx(-3 * 30 / 80, abs=0.03),
        pytest.approx(-3 * 15 / 80, abs=0.03),
    )
    none = segments["none"][-1]
    assert none.position_frame == "" and not none.segments[0].has_position
    graph.wait(
        lambda: (
            statuses
            and statuses[-1].cameras[2].frames_without_depth
            and statuses[-1].cameras[0].frames_with_depth
        )
    )
    assert "no depth image on /none/depth" in statuses[-1].cameras[2].depth_error
