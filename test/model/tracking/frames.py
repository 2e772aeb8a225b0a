"""Results of made-up frames: squares with kernels and class probabilities."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from eovseg_model.inference import Segment, SegmentFeatures
from eovseg_model.vocabulary import Vocabulary

WORDS = Vocabulary.parse(["mug", "ball", "cube", "floor|stuff", "wall|stuff"])
MUG, BALL, CUBE, FLOOR, WALL = range(5)
HEIGHT, WIDTH = 120, 160  # a pixel for every cell of the tracker's grid


class Square(NamedTuple):
    """A segment of 10x10 pixels at a corner, with the kernel of an axis, and the probability of its class."""

    class_id: int
    axis: int
    x: int = 0
    y: int = 0
    probability: float = 0.9
    second: int | None = None  # the class that has the rest; None: void has it


@dataclass(frozen=True)
class Frame:
    """What the tracker reads of a PanopticResult."""

    label_image: np.ndarray
    segments: list[Segment]
    segment_features: SegmentFeatures
    vocabulary: Vocabulary


def frame(*squares: Square, vocabulary: Vocabulary = WORDS, width: int = 16) -> Frame:
    """Later squares cover earlier ones; width is the length of kernels."""
    label_image = np.zeros((HEIGHT, WIDTH), np.uint16)
    probabilities = np.zeros((len(squares), len(vocabulary)), np.float32)
    kernels = np.zeros((len(squares), width), np.float32)
    segments = []
    for i, square in enumerate(squares):
        label_image[square.y : square.y + 10, square.x : square.x + 10] = i + 1
        kernels[i, square.axis] = 7.0
        probabilities[i, square.class_id] = square.probability
        if square.second is not None:
            probabilities[i, square.second] = 1 - square.probability
        segments.append(
            Segment(
                id=i + 1,
                class_id=square.class_id,
                label=vocabulary.labels[square.class_id],
                is_thing=vocabulary.is_thing[square.class_id],
                score=square.probability,
                area=100,
            )
        )
    features = SegmentFeatures(kernels, np.zeros((len(squares), 8), np.float32), probabilities)
    return Frame(label_image, segments, features, vocabulary)


def ids(segments: list[Segment]) -> list[int]:
    return [segment.track_id for segment in segments]


def names(segments: list[Segment]) -> list[str]:
    return [segment.label for segment in segments]


def scores(segments: list[Segment]) -> list[float]:
    return [float(np.round(segment.score, 6)) for segment in segments]
