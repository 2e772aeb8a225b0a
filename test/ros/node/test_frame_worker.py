"""The worker's threads with stand-ins for model and publishers; the same over DDS in test_node_frames."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from eovseg_ros.messages import SpaceError
from eovseg_ros.messages.images import array_to_image
from eovseg_ros.node import frame_worker
from eovseg_ros.node.cameras.camera_stream import CameraStream
from eovseg_ros.node.cameras.received_image import ReceivedImage
from eovseg_ros.node.frame_worker import FrameWorker
from eovseg_ros.node.outputs import overlay_painter
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics
from eovseg_ros.node.threads import supervised_thread

LABELS = ("cup",)


class Predictor:
    """Waits at the gate of an image's red value and raises what is noted for it."""

    def __init__(self):
        self.gates = {}
        self.errors = {}
        self.started = []
        self.batches = []
        self.settings = {}

    def __call__(self, image, **settings):
        self.settings = settings
        number = int(image[0, 0, 0])
        self.started.append(number)
        if number in self.gates:
            assert self.gates[number].wait(20)
        if number in self.errors:
            raise self.errors[number]
        return SimpleNamespace(label_image=np.zeros(image.shape[:2], int), segments=[])

    def segment_batch(self, images, **settings):
        self.batches.append([int(image[0, 0, 0]) for image in images])
        return [self(image, **settings) for image in images]


class Vocabulary:
    def __init__(self):
        self.ready = 0  # vocabularies to adopt
        self.snapshot = SimpleNamespace(version=1, labels=LABELS, encoded=None)

    def adopt(self):
        if not self.ready:
            return False
        self.ready -= 1
        self.snapshot = SimpleNamespace(version=self.snapshot.version + 1, labels=LABELS, encoded=None)
        return True


class Publisher:
    usable = True
    overlay_wanted = False

    def __init__(self):
        self.frames = []
        self.overlays = []

    def publish_frame(self, frame, *, points_stride):
        self.frames.append(int(frame.rgb[0, 0, 0]))

    def publish_overlay(self, picture, header):
        self.overlays.append(header.frame_id)


class Tracker:
    """Notes the stamps of the frames."""

    def __init__(self):
        self.frames = []

    def update(self, prediction, stamp, received, parameters):
        self.frames.append(stamp.sec)
        return prediction.segments


class Desk:
    """A worker and what stands around it; the first camera has publisher, tracker and statistics."""

    def __init__(self, threads=1, cameras=("",)):
        self.predictor, self.vocabulary = Predictor(), Vocabulary()
        self.tracker, self.statistics, self.publisher = Tracker(), FrameStatistics(), Publisher()
        self.publishers = {name: Publisher() for name in cameras[1:]} | {cameras[0]: self.publisher}
        self.vocabularies = []  # versions
        self.logged = []
        self.read_parameters = NodeParameters
        self.streams = {name: self.open_stream(name, first=name == cameras[0]) for name in cameras}
        self.stream = self.streams[cameras[0]]
        self.worker = FrameWorker(
            streams=self.streams,
            predictor=self.predictor,
            vocabulary=self.vocabulary,
            announce=lambda snapshot: self.vocabularies.append(snapshot.version),
            parameters=lambda: self.read_parameters(),
            logger=self.logger,
            threads=threads,
        )

    @property
    def logger(self):
        return SimpleNamespace(
            error=lambda text, **_: self.logged.append(text),
            warning=lambda text, **_: self.logged.append(text),
            info=lambda text, **_: None,
        )

    @property
    def error(self):
        return self.worker.error or self.stream.error

    def open_stream(self, name, first):
        return CameraStream(
            name=name,
            publisher=self.publishers[name],
            tracker=self.tracker if first else Tracker(),
            statistics=self.statistics if first else FrameStatistics(),
            parameters=lambda: self.read_parameters(),
            logger=self.logger,
        )

    def put(self, number, encoding="rgb8", camera="", size=(2, 3), depth=None):
        """An image that the model tells by its number."""
        message = array_to_image(
            np.full((*size, 3), number, np.uint8),
            "rgb8",
            Header(stamp=Time(sec=number), frame_id=str(number)),
        )
        message.encoding = encoding
        self.worker.images.put(camera, ReceivedImage(message, time.monotonic(), depth))

    def put_and_wait(self, number):
        """Until the model has begun with it."""
        self.put(number)
        wait(lambda: number in self.predictor.started)


def wait(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    """Before a thread that failed starts again."""
    monkeypatch.setattr(supervised_thread, "_FIRST_PAUSE", 0.05)


@pytest.fixture
def start():
    desks = []

    def start_desk(**settings):
        desks.append(Desk(**settings))
        return desks[-1]

    yield start_desk
    for desk in desks:
        for gate in desk.predictor.gates.values():
            gate.set()
        desk.worker.stop()


def test_a_frame_in_hand_is_published_before_a_stop_returns_and_one_that_waits_is_dropped(start):
    desk = start()
    desk.predictor.gates[1] = threading.Event()
    desk.put_and_wait(1)
    desk.put(2)
    threading.Timer(0.2, desk.predictor.gates[1].set).start()
    desk.worker.stop()
    assert desk.publisher.frames == [1]
    assert desk.predictor.started == [1]


def test_labels_do_not_wait_for_the_drawing_of_the_overlay_before(start, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(overlay_painter, "draw_overlay", lambda rgb, *_, **__: gate.wait(20) and rgb)
    desk = start()
    desk.publisher.overlay_wanted = True
    try:
        for number in range(1, 6):
            desk.put(number)
            wait(lambda: len(desk.publisher.frames) == number, 5)  # noqa: B023
        assert desk.publisher.overlays == []
    finally:
        gate.set()
    desk.worker.stop()
    assert desk.publisher.overlays in (["1", "5"], ["5"])  # the newest one is drawn, those between are not


def test_objects_are_followed_in_the_order_of_the_images(start):
    desk = start(threads=2)
    desk.predictor.gates[1] = threading.Event()
    desk.put_and_wait(1)
    desk.put_and_wait(2)  # which the model is done with first
    time.sleep(0.1)
    assert desk.tracker.frames == []
    desk.predictor.gates[1].set()
    wait(lambda: desk.publisher.frames == [1, 2])
    assert desk.tracker.frames == [1, 2]


def test_an_older_frame_that_succeeds_does_not_hide_the_error_of_a_newer_one(start):
    desk = start(threads=2)
    desk.predictor.gates[1] = threading.Event()
    desk.predictor.errors[2] = RuntimeError("tripped")
    desk.put_and_wait(1)
    desk.put_and_wait(2)
    time.sleep(0.1)
    desk.predictor.gates[1].set()
    wait(lambda: desk.publisher.frames == [1])
    wait(lambda: desk.error)
    time.sleep(0.1)
    assert desk.error == "RuntimeError: tripped"
    desk.put(3)
    wait(lambda: desk.error == "")


def test_an_older_frame_that_fails_leaves_no_error_behind_a_newer_one_that_succeeds(start):
    desk = start(threads=2)
    desk.predictor.gates[1] = threading.Event()
    desk.predictor.errors[1] = RuntimeError("tripped")
    desk.put_and_wait(1)
    desk.put_and_wait(2)
    desk.predictor.gates[1].set()
    wait(lambda: desk.publisher.frames == [2])
    wait(lambda: desk.statistics.report().failed == 1)
    time.sleep(0.1)
    assert desk.error == ""


def test_an_older_image_that_can_be_read_does_not_hide_the_image_error_of_a_newer_one(start):
    desk = start(threads=2)
    desk.predictor.gates[1] = threading.Event()
    desk.put_and_wait(1)
    desk.put(2, encoding="rainbow8")
    time.sleep(0.2)
    desk.predictor.gates[1].set()
    wait(lambda: desk.publisher.frames == [1])
    wait(lambda: "rainbow8" in desk.stream.image_error)
    time.sleep(0.1)
    assert "rainbow8" in desk.stream.image_error
    desk.put(3)
    wait(lambda: desk.stream.image_error == "")


def test_a_vocabulary_that_goes_live_takes_no_error_back(start):
    desk = start()
    desk.predictor.errors[1] = RuntimeError("tripped")
    desk.put(1)
    wait(lambda: desk.error)
    desk.vocabulary.ready = 1
    desk.worker.images.nudge()
    wait(lambda: desk.vocabularies == [2])
    time.sleep(0.1)
    assert desk.error == "RuntimeError: tripped"


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "error", [MemoryError(), SystemExit(3), KeyboardInterrupt(), RuntimeError("tripped"), GeneratorExit()]
)
def test_whatever_the_model_raises_the_next_frames_come(start, threads, error):
    desk = start(threads=threads)
    desk.predictor.errors[1] = error
    desk.put(1)
    wait(lambda: desk.error.startswith(type(error).__name__))
    for number in (2, 3, 4):
        desk.put(number)
        wait(lambda: desk.publisher.frames and desk.publisher.frames[-1] == number)  # noqa: B023
    assert desk.error == ""
    assert len(desk.logged) == 1 and "Traceback" in desk.logged[0]


def test_a_fault_that_stays_is_logged_once(start):
    desk = start()
    desk.predictor.errors[1] = RuntimeError("tripped")
    for count in range(1, 30):
        desk.put(1)
        wait(lambda: desk.statistics.report().failed == count)  # noqa: B023
    (text,) = desk.logged
    assert text.startswith("a frame failed (1 so far): Traceback") and "RuntimeError: tripped" in text


def test_images_that_cannot_be_read_are_counted_and_logged_once(start):
    desk = start()
    for count in (1, 2, 3):
        desk.put(1, encoding="rainbow8")
        wait(lambda: desk.statistics.report().bad == count)  # noqa: B023
    assert desk.stream.image_error.startswith("cannot read encoding 'rainbow8'")
    assert desk.logged == [f"skipped a bad image (1 so far): {desk.stream.image_error}"]
    assert desk.error == "" and desk.statistics.report().failed == 0


def test_an_image_whose_order_of_channels_is_a_guess_is_warned_about_once(start):
    desk = start()
    for number in (1, 2):
        desk.put(number, encoding="8UC3")
        wait(lambda: desk.publisher.frames[-1:] == [number])  # noqa: B023
    (text,) = desk.logged
    assert text.startswith("encoding 8UC3 does not say the order of its channels")


def test_the_model_gets_the_parameters_and_the_vocabulary(start):
    desk = start()
    desk.vocabulary.snapshot = SimpleNamespace(version=1, labels=LABELS, encoded="encoded")
    desk.read_parameters = lambda: NodeParameters(
        short_side=320, object_threshold=0.25, overlap_threshold=0.75, max_pixels=6
    )
    desk.put(1)
    wait(lambda: desk.publisher.frames == [1])
    assert desk.predictor.settings == {
        "short_side": 320,
        "vocabulary": "encoded",
        "object_threshold": 0.25,
        "overlap_threshold": 0.75,
    }
    desk.read_parameters = lambda: NodeParameters(max_pixels=5)
    desk.put(2)
    wait(lambda: "3x2 is 6 pixels, more than max_pixels (5)" in desk.stream.image_error)


def test_max_rate_is_kept_by_sleeping(start):
    """Four frames a second are taken 0.25 s apart; the parameters are read a few times a frame."""
    desk = start()
    reads = []
    desk.read_parameters = lambda: (reads.append(1), NodeParameters(max_rate=4.0))[1]
    for number in (1, 2, 3):
        desk.put(number)
        wait(lambda: desk.publisher.frames[-1:] == [number])  # noqa: B023
    first, second, third = (timing.taken for timing in desk.statistics._timings)
    assert second - first >= 0.249 and third - second >= 0.249
    assert third - first < 5 and len(reads) < 30


def test_a_thread_that_an_error_ends_is_an_error_and_starts_again(start):
    desk = start(threads=2)

    def fail():
        raise ZeroDivisionError("no rate")

    desk.put(1)
    wait(lambda: desk.publisher.frames == [1])
    desk.read_parameters = fail
    desk.worker.images.nudge()
    wait(lambda: "ZeroDivisionError: no rate" in desk.error)
    desk.read_parameters = NodeParameters
    for number in (2, 3, 4):
        desk.put(number)
        wait(lambda: desk.publisher.frames[-1] == number)  # noqa: B023

    def forgotten():
        desk.put(5)  # until both threads have had one
        time.sleep(0.05)
        return desk.error == ""

    wait(forgotten)
    assert sum("Traceback" in text for text in desk.logged) <= 2  # one a thread


def test_a_mailbox_that_fails_ends_no_thread_for_good(start, monkeypatch):
    desk = start()
    take = desk.worker.images.take
    left = [MemoryError(), SystemExit()]

    def fail_twice(**settings):
        if left:
            raise left.pop()
        return take(**settings)

    desk.put(1)
    wait(lambda: desk.publisher.frames == [1])
    monkeypatch.setattr(desk.worker.images, "take", fail_twice)
    desk.put(2)  # ends the take that waits
    wait(lambda: not left)
    desk.put(3)
    wait(lambda: desk.publisher.frames[-1] == 3)
    wait(lambda: desk.error == "")


def test_a_frame_that_takes_long_is_told(start):
    desk = start()
    assert desk.stream.frame_seconds == 0
    desk.predictor.gates[1] = threading.Event()
    desk.put_and_wait(1)
    time.sleep(0.2)
    assert 0.2 <= desk.stream.frame_seconds < 5
    desk.predictor.gates[1].set()
    wait(lambda: desk.stream.frame_seconds == 0)


def test_a_stop_does_not_wait_for_a_frame_that_takes_too_long_and_nothing_of_it_is_published(
    start, monkeypatch
):
    monkeypatch.setattr(frame_worker, "_STOP_SECONDS", 0.3)
    desk = start()
    desk.predictor.gates[1] = threading.Event()
    desk.put_and_wait(1)
    started = time.monotonic()
    desk.worker.stop()
    assert 0.3 <= time.monotonic() - started < 1.5
    assert "dropped" in desk.logged[-1]
    desk.predictor.gates[1].set()
    wait(lambda: not any(thread.name == "frame worker" for thread in threading.enumerate()))
    assert desk.publisher.frames == []


def test_what_fails_as_the_publishers_are_closed_is_no_error(start):
    desk = start()
    desk.predictor.gates[1] = threading.Event()
    desk.predictor.errors[1] = RuntimeError("closed")
    desk.put_and_wait(1)
    desk.publisher.usable = False
    desk.predictor.gates[1].set()
    desk.worker.stop()
    assert desk.logged == [] and desk.error == "" and desk.statistics.report().failed == 0


def test_images_of_several_cameras_that_wait_are_segmented_in_one_call(start):
    desk = start(cameras=("front", "rear", "left"))
    desk.read_parameters = lambda: NodeParameters(batch_cameras=2)
    desk.predictor.gates[1] = threading.Event()
    desk.put(1, camera="front")
    wait(lambda: 1 in desk.predictor.started)
    desk.put(2, camera="left")
    desk.put(3, camera="front")
    desk.put(4, camera="rear")
    desk.predictor.gates[1].set()
    wait(lambda: desk.publishers["rear"].frames == [4])
    assert desk.predictor.batches == [[2, 3]]  # the two that have waited longest
    assert desk.publishers["front"].frames == [1, 3] and desk.publishers["left"].frames == [2]


def test_images_of_other_sizes_and_bad_ones_are_not_in_a_batch_and_spoil_none(start):
    desk = start(cameras=("a", "b", "c", "d"))
    desk.read_parameters = lambda: NodeParameters(batch_cameras=4)
    desk.predictor.gates[1] = threading.Event()
    desk.put(1, camera="a")
    wait(lambda: 1 in desk.predictor.started)
    desk.put(2, camera="a")
    desk.put(3, camera="b", size=(4, 6))
    desk.put(4, camera="c", encoding="rainbow8")
    desk.put(5, camera="d")
    desk.predictor.gates[1].set()
    wait(lambda: desk.publishers["d"].frames == [5] and desk.publishers["b"].frames == [3])
    assert desk.predictor.batches == [[2, 5]]
    assert desk.publishers["a"].frames == [1, 2] and desk.publishers["c"].frames == []
    assert "rainbow8" in desk.streams["c"].image_error and desk.streams["d"].image_error == ""
    assert any("skipped a bad image of camera c (1 so far)" in text for text in desk.logged)


def test_a_batch_that_fails_is_an_error_of_each_camera_in_it_and_the_next_one_succeeds(start):
    desk = start(cameras=("a", "b"))
    desk.read_parameters = lambda: NodeParameters(batch_cameras=2)
    desk.predictor.gates[1] = threading.Event()
    desk.predictor.errors[3] = RuntimeError("tripped")
    desk.put(1, camera="a")
    wait(lambda: 1 in desk.predictor.started)
    desk.put(2, camera="a")
    desk.put(3, camera="b")
    desk.predictor.gates[1].set()
    wait(lambda: all(stream.error == "RuntimeError: tripped" for stream in desk.streams.values()))
    desk.put(4, camera="b")
    wait(lambda: desk.publishers["b"].frames == [4])
    assert desk.streams["b"].error == "" and desk.streams["a"].error


def test_a_frame_that_takes_long_holds_up_no_other_camera(start):
    desk = start(threads=2, cameras=("slow", "quick"))
    desk.predictor.gates[1] = threading.Event()
    desk.put(1, camera="slow")
    wait(lambda: 1 in desk.predictor.started)
    for number in (2, 3, 4):
        desk.put(number, camera="quick")
        wait(lambda: desk.publishers["quick"].frames[-1:] == [number])  # noqa: B023
    assert desk.publishers["slow"].frames == []
    desk.predictor.gates[1].set()
    wait(lambda: desk.publishers["slow"].frames == [1])


def test_a_vocabulary_goes_live_after_the_frames_of_all_cameras_that_were_begun_before(start):
    desk = start(threads=2, cameras=("a", "b"))
    desk.predictor.gates[1] = threading.Event()
    desk.put(1, camera="b")
    wait(lambda: 1 in desk.predictor.started)
    desk.vocabulary.ready = 1
    desk.worker.images.nudge()
    time.sleep(0.2)
    assert desk.vocabularies == []
    desk.predictor.gates[1].set()
    wait(lambda: desk.vocabularies == [2])
    assert desk.publishers["b"].frames == [1]


def test_a_frame_without_depth_goes_out_and_is_counted_and_one_with_depth_has_it(start):
    desk = start()
    spaces = []
    desk.publisher.publish_frame = lambda frame, points_stride: spaces.append((frame.space, points_stride))

    def refuse(shape):
        raise SpaceError(f"no depth of {shape}")

    desk.put(1, depth=SimpleNamespace(space=refuse))
    wait(lambda: spaces == [(None, 2)])
    assert desk.stream.depth_error == "no depth of (2, 3)"
    wait(lambda: desk.statistics.report().without_depth == 1)
    assert desk.logged == ["a frame has no positions (1 so far): no depth of (2, 3)"]
    desk.read_parameters = lambda: NodeParameters(points_stride=5)
    desk.put(2, depth=SimpleNamespace(space=lambda shape: "space"))
    wait(lambda: spaces[1:] == [("space", 5)])
    assert desk.stream.depth_error == "" and desk.statistics.report().with_depth == 1
    desk.put(3)
    wait(lambda: spaces[2:] == [(None, 5)])
    assert (desk.statistics.report().with_depth, desk.statistics.report().without_depth) == (1, 1)
