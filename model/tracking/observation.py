"""What the tracker sees of a frame."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from ..inference import LabelledSegment
from ..vocabulary import Vocabulary
from .masks import GridMask, sample_grid, split_grid


class TrackableFeatures(Protocol):
    """Arrays with a row for each segment; see `eovseg_model.inference.SegmentFeatures`."""

    @property
    def kernels(self) -> np.ndarray:
        """Object kernels (S, hidden)."""
        ...

    @property
    def probabilities(self) -> np.ndarray:
        """Class probabilities (S, C) without void."""
        ...


class TrackableResult(Protocol):
    """What a result must have to be tracked; a PanopticResult has it."""

    @property
    def label_image(self) -> np.ndarray:
        """(H, W) segment ids, 0 = void."""
        ...

    @property
    def segments(self) -> Sequence[LabelledSegment]:
        """The segments of the label image."""
        ...

    @property
    def segment_features(self) -> TrackableFeatures:
        """What the network says of each segment."""
        ...

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the segments' classes."""
        ...


class Observation(NamedTuple):
    """The S things of a frame.

    segments are theirs, kernels (S, hidden) have length 1, probabilities (S, C) sum to 1 - void, grid holds
    the place of a segment plus 1 in each cell, masks the cells of each segment.
    """

    segments: list[LabelledSegment]
    kernels: np.ndarray
    probabilities: np.ndarray
    grid: np.ndarray
    masks: list[GridMask]


def observe(result: TrackableResult) -> Observation:
    """Take the things from a result."""
    things = [i for i, segment in enumerate(result.segments) if segment.is_thing]
    segments = [result.segments[i] for i in things]
    features = result.segment_features
    kernels = features.kernels[things]
    grid = sample_grid(result.label_image, [segment.id for segment in segments])
    return Observation(
        segments=segments,
        kernels=kernels / np.maximum(np.linalg.norm(kernels, axis=1, keepdims=True), 1e-6),
        probabilities=features.probabilities[things],
        grid=grid,
        masks=split_grid(grid, len(segments)),
    )
