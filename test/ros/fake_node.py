"""The real node with a stand-in for the model, as a program: timings come from the environment.

A pixel's segment id is its red value; the label is green modulo the size of the vocabulary.
"""

import os
import sys
import threading
import time
from dataclasses import dataclass

import numpy as np

from eovseg_model.backends import BackendStatus, EngineStage
from eovseg_model.vocabulary.vocabulary import Vocabulary
from eovseg_ros.node.outputs import overlay_painter
from eovseg_ros.node.run_node import run_node
from eovseg_ros.processes import run_program


@dataclass(frozen=True)
class Encoded:
    vocabulary: Vocabulary


@dataclass(frozen=True)
class Segment:
    id: int
    class_id: int
    label: str
    is_thing: bool
    score: float
    track_id: int = 0


@dataclass(frozen=True)
class Features:
    """The same for the same id and class in all pictures, and unlike all others."""

    kernels: np.ndarray
    embeddings: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class Prediction:
    label_image: np.ndarray
    segments: list[Segment]
    segment_features: Features
    vocabulary: Vocabulary


# What the backend says from a picture on that begins with this colour.
ENGINES = {
    (0, 0, 1): {"stage": EngineStage.BUILDING, "build_seconds": 3.0, "serving": "torch"},
    (0, 0, 2): {"stage": EngineStage.READY, "build_seconds": 4.5, "serving": "fake"},
    (0, 0, 3): {"stage": EngineStage.FAILED, "serving": "torch", "error": "RuntimeError: no compiler"},
    (0, 0, 4): {"stage": EngineStage.TOO_LARGE, "serving": "torch"},
    (0, 0, 5): {"stage": EngineStage.WAITING, "serving": "torch"},
}


class FakePredictor:
    """Segments by colour; an entry named "slow ..." takes long to encode, "broken ..." fails.

    A picture that begins in yellow takes as long as a slow entry, one that begins in magenta fails.
    """

    device = "cpu"
    backend_status = BackendStatus(backend="fake", precision="fp32", serving="fake")

    def __init__(self, seconds: float = 0.0, slow_seconds: float = 3.0, together: int = 1) -> None:
        self.seconds = seconds
        self.slow_seconds = slow_seconds
        self.meeting = threading.Barrier(together, timeout=5)

    def encode(self, vocabulary):
        if any(label.startswith("slow") for label in vocabulary.labels):
            time.sleep(self.slow_seconds)
        if any(label.startswith("broken") for label in vocabulary.labels):
            raise RuntimeError("the text tower tripped")
        return Encoded(vocabulary)

    def close(self):
        pass

    def __call__(self, image, *, short_side, vocabulary, object_threshold, overlap_threshold, one_off=False):
        time.sleep(self.seconds)
        if self.meeting.parties > 1 and self.meeting.wait() == 0:
            time.sleep(0.3)  # who came first goes last
        if image[0, 0].tolist() == [255, 255, 0]:
            time.sleep(self.slow_seconds)
        if image[0, 0].tolist() == [255, 0, 255]:
            raise RuntimeError("the model tripped")
        if not one_off and (engine := ENGINES.get(tuple(image[0, 0].tolist()))):
            self.backend_status = BackendStatus(backend="fake", precision="fp32", **engine)
        ids = image[:, :, 0].astype(np.int32)
        segments = []
        for number in np.unique(ids[ids > 0]).tolist():
            green = int(image[:, :, 1][ids == number][0])
            class_id = green % len(vocabulary.vocabulary)
            label = vocabulary.vocabulary.labels[class_id]
            segments.append(Segment(number, class_id, label, vocabulary.vocabulary.is_thing[class_id], 0.5))
        kept = [s for s in segments if s.score >= object_threshold]
        return Prediction(ids, kept, features_of(kept, len(vocabulary.vocabulary)), vocabulary.vocabulary)

    def segment_batch(self, images, **settings):
        return [self(image, **settings) for image in images]


def features_of(segments, classes):
    kernels = np.zeros((len(segments), 1024), np.float32)
    probabilities = np.zeros((len(segments), classes), np.float32)
    for row, segment in enumerate(segments):
        kernels[row, (37 * segment.id + segment.class_id) % 1024] = 1
        probabilities[row, segment.class_id] = segment.score
    return Features(kernels, kernels[:, :8], probabilities)


def paint_slowly(seconds):
    """Let every overlay take longer; one whose picture begins in cyan fails."""
    draw = overlay_painter.draw_overlay

    def draw_slowly(rgb, *rest, **options):
        time.sleep(seconds)
        if rgb[0, 0].tolist() == [0, 255, 255]:
            raise RuntimeError("out of paint")
        return draw(rgb, *rest, **options)

    overlay_painter.draw_overlay = draw_slowly


if __name__ == "__main__":
    slow = float(os.environ.get("FAKE_SLOW_SECONDS", "3"))
    paint_slowly(float(os.environ.get("FAKE_OVERLAY_SECONDS", "0")))
    predictor = FakePredictor(
        float(os.environ.get("FAKE_SECONDS", "0")), slow, together=int(os.environ.get("FAKE_TOGETHER", "1"))
    )

    def load(parameters):
        time.sleep(float(os.environ.get("FAKE_LOAD_SECONDS", "0")))
        return predictor

    run_program(lambda ending: run_node(ending, sys.argv[1:], load))
