"""The node's frame worker with its model on a GPU, as far as a simulated one shows it, to the messages."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from sensor_msgs.msg import Image
from simulated_cuda import SimulatedCuda, simulated_cuda
from stand_in_node import StandInNode
from std_msgs.msg import Header

from eovseg_model.benchmark.synthetic import synthetic_picture
from eovseg_ros.messages.images import array_to_image, image_to_array
from eovseg_ros.node.cameras.camera_stream import CameraStream
from eovseg_ros.node.cameras.received_image import ReceivedImage
from eovseg_ros.node.frame_tracker import FrameTracker
from eovseg_ros.node.frame_worker import FrameWorker
from eovseg_ros.node.live_vocabulary import LiveVocabulary
from eovseg_ros.node.outputs.frame_publisher import FramePublisher
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import load_predictor
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics

ENTRIES = ("red cube", "mug,cup", "blue bowl", "floor|stuff", "wall|stuff", "table|stuff")
PICTURE = array_to_image(synthetic_picture((240, 320), seed=1), "rgb8", Header(frame_id="camera"))
TOPICS = ("~/panoptic", "~/semantic", "~/segments", "~/overlay")


class Logger:
    def __init__(self):
        self.complaints = []

    def info(self, text, **options): ...

    def warning(self, text, **options):
        self.complaints.append(text)

    error = warning


class Worker:
    """The frame worker of a node with `device: auto`, what it publishes and complains of."""

    def __init__(self):
        parameters = NodeParameters(vocabulary=ENTRIES, backend="torch")
        predictor = load_predictor(parameters)
        self.device = predictor.device.type
        self.node, self._logger = StandInNode(), Logger()
        publisher = FramePublisher(self.node, overlay=True)
        for topic in TOPICS:
            self.node.publishers[topic].subscribers = 1
        self.vocabulary = LiveVocabulary(
            predictor=predictor,
            entries=ENTRIES,
            version=1,
            on_ready=lambda: self.worker.images.nudge(),
            on_error=self._logger.error,
        )
        stream = CameraStream(
            name="",
            publisher=publisher,
            tracker=FrameTracker(),
            statistics=FrameStatistics(),
            parameters=lambda: parameters,
            logger=self._logger,
        )
        self.worker = FrameWorker(
            streams={"": stream},
            predictor=predictor,
            vocabulary=self.vocabulary,
            announce=lambda snapshot: None,
            parameters=lambda: parameters,
            logger=self._logger,
            threads=1,
        )

    def process(self, message: Image) -> dict:
        """The last message of every topic, once all have come."""
        before = {topic: len(self.node.publishers[topic].messages) for topic in TOPICS}
        self.worker.images.put("", ReceivedImage(message, time.monotonic()))
        deadline = time.monotonic() + 60
        while any(len(self.node.publishers[topic].messages) == n for topic, n in before.items()):
            assert not self._logger.complaints and time.monotonic() < deadline, self._logger.complaints
            time.sleep(0.01)
        return {topic: self.node.publishers[topic].messages[-1] for topic in TOPICS}

    def change_vocabulary(self, entries: tuple[str, ...]) -> None:
        """Encode another one in the background and wait until it is live."""
        self.vocabulary.request(entries)
        deadline = time.monotonic() + 60
        while self.vocabulary.snapshot.version == 1:
            assert not self._logger.complaints and time.monotonic() < deadline, self._logger.complaints
            time.sleep(0.01)

    def stop(self) -> None:
        self.vocabulary.close()
        self.worker.stop()


def messages_of(cuda: SimulatedCuda | None) -> SimpleNamespace:
    """What a worker publishes of a picture, then of the same one with other words."""
    worker = Worker()
    try:
        first = worker.process(PICTURE)
        if cuda:
            cuda.forget()
        again = worker.process(PICTURE)
        waits = cuda.waits() if cuda else {}
        worker.change_vocabulary(("green thing", "brown floor|stuff"))
        changed = worker.process(PICTURE)
    finally:
        worker.stop()
    return SimpleNamespace(device=worker.device, first=first, again=again, changed=changed, waits=waits)


@pytest.fixture(scope="module")
def both() -> tuple[SimpleNamespace, SimpleNamespace]:
    """By a worker on the CPU, and by one whose `auto` finds a GPU."""
    expected = messages_of(None)
    with simulated_cuda() as cuda:
        found = messages_of(cuda)
    assert (expected.device, found.device) == ("cpu", "cuda")
    return expected, found


@pytest.mark.parametrize("which", ["first", "again", "changed"])
def test_a_robot_with_a_gpu_gets_the_frames_of_one_without(both, which):
    expected, found = (getattr(messages, which) for messages in both)
    assert len(expected["~/segments"].segments) >= 2
    for topic in TOPICS:
        assert found[topic].header == expected[topic].header == PICTURE.header
    for topic in ("~/panoptic", "~/semantic", "~/overlay"):
        assert found[topic].encoding == expected[topic].encoding
        differ = image_to_array(found[topic]) != image_to_array(expected[topic])
        assert np.count_nonzero(differ) < 1e-2 * differ.size, topic
    segments = [[(s.id, s.label, s.is_thing) for s in m["~/segments"].segments] for m in (found, expected)]
    assert segments[0] == segments[1]
    versions = [m["~/segments"].vocabulary_version for m in (found, expected)]
    assert versions == [2 if which == "changed" else 1] * 2


def test_the_worker_waits_for_the_device_once_a_frame(both):
    """All messages are made of one copy of the label image."""
    assert both[1].waits == {"inference.host_copies.to_host": 1}
