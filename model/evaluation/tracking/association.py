"""Associations of segments over time that trackers are compared with."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import NamedTuple, Protocol

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...inference import PanopticResult
from ...tracking import Tracker, TrackingConfig
from ..metrics.overlaps import FrameOverlaps, count_overlaps, overlap_iou


class Assignment(NamedTuple):
    """The track and the class of a segment, which may differ from the class in the result."""

    track_id: int
    class_id: int


class Association(Protocol):
    """Assigns tracks in one sequence, frame by frame in their order; a new one is made for every sequence."""

    def __call__(self, result: PanopticResult, stamp: float, truth: FrameOverlaps) -> Sequence[Assignment]:
        """Return the assignment of every segment of the result, in their order.

        Args:
            result: of the frame.
            stamp: of the frame, in seconds.
            truth: overlaps with the ground truth, whose predicted segments are those of the result without
                tracks; for upper bounds only.
        """


AssociationMaker = Callable[[], Association]
# Least IoU of a match; on simulated sequences at 10 and 2 Hz, each is what gives the highest STQ.
TRUE_IOU, SUCCESSIVE_IOU = 0.1, 0.01


class TrackerAssociation:
    """Uses the assignments of a tracker, whose track 0 is none."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker

    def __call__(self, result: PanopticResult, stamp: float, truth: FrameOverlaps) -> list[Assignment]:
        """Return the tracker's assignments."""
        return [Assignment(a.track_id, a.class_id) for a in self._tracker.update(result, stamp)]


class NoTracking:
    """Gives every segment a new id."""

    def __init__(self) -> None:
        self._ids = count(1)

    def __call__(self, result: PanopticResult, stamp: float, truth: FrameOverlaps) -> list[Assignment]:
        """Return new tracks."""
        return [Assignment(next(self._ids), s.class_id) for s in result.segments]


class OracleAssociation:
    """Gives predicted things the ids of the true things that they cover, whatever their classes.

    Pairs of an IoU of at least 0.1 are matched one to one so that the sum of their IoUs is greatest. All
    other segments get new ids.
    """

    def __init__(self) -> None:
        self._tracks: dict[int, int] = {}  # true track -> our track
        self._ids = count(1)

    def __call__(self, result: PanopticResult, stamp: float, truth: FrameOverlaps) -> list[Assignment]:
        """Return the tracks of the true objects."""
        is_thing = result.vocabulary.is_thing
        rows = [i for i, s in enumerate(truth.true) if is_thing[s.class_id] and not s.is_crowd]
        columns = [i for i, s in enumerate(result.segments) if s.is_thing]
        matches = _match(overlap_iou(truth.pixels)[np.ix_(rows, columns)], TRUE_IOU)
        known = {columns[p]: truth.true[rows[t]].track_id for t, p in matches}
        return [
            Assignment(self._track(known[i]) if i in known else next(self._ids), s.class_id)
            for i, s in enumerate(result.segments)
        ]

    def _track(self, true_track: int) -> int:
        if true_track not in self._tracks:
            self._tracks[true_track] = next(self._ids)
        return self._tracks[true_track]


class IouMatching:
    """Continues the tracks of the last frame by the IoU of masks, whatever their classes; it has no memory.

    Pairs of an IoU of at least 0.01 are matched one to one so that the sum of their IoUs is greatest.
    """

    def __init__(self) -> None:
        self._last = np.zeros((0, 0), np.int32)
        self._tracks: dict[int, int] = {}  # segment id in the last map -> track
        self._ids = count(1)

    def __call__(self, result: PanopticResult, stamp: float, truth: FrameOverlaps) -> list[Assignment]:
        """Return the tracks."""
        ids = [s.id for s in result.segments if s.is_thing]
        before = list(self._tracks)
        matches: list[tuple[int, int]] = []
        if self._last.shape == result.label_image.shape:
            pixels = count_overlaps(self._last, before, result.label_image, ids)
            everywhere = pixels.sum(axis=1)[1:, None] + pixels.sum(axis=0)[1:] - pixels[1:, 1:]
            matches = _match(pixels[1:, 1:] / everywhere, SUCCESSIVE_IOU)
        known = {ids[now]: self._tracks[before[then]] for then, now in matches}
        tracks = {s.id: known[s.id] if s.id in known else next(self._ids) for s in result.segments}
        self._last, self._tracks = result.label_image, {i: tracks[i] for i in ids}
        return [Assignment(tracks[s.id], s.class_id) for s in result.segments]


def _match(iou: np.ndarray, least: float) -> list[tuple[int, int]]:
    """Return the pairs of a one-to-one matching with the greatest sum of the IoUs (T, P) that reach least."""
    rows, columns = linear_sum_assignment(-np.where(iou >= least, iou, 0.0))
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(t, p) for t, p in pairs if iou[t, p] >= least]


def _tracker(**settings: float) -> AssociationMaker:
    config = TrackingConfig(**settings)
    return lambda: TrackerAssociation(Tracker(config))


# What `eovseg evaluate` compares; the first one is evaluated.
TRACKING: dict[str, AssociationMaker] = {
    "tracker": _tracker(),
    "unsmoothed": _tracker(smoothing=0.0),
    "smoothing 0.5": _tracker(smoothing=0.5),
    "smoothing 0.95": _tracker(smoothing=0.95),
    "kernels alone": _tracker(overlap_weight=0.0, class_weight=0.0),
    "masks alone": _tracker(kernel_weight=0.0, class_weight=0.0, min_similarity=0.1),
    "iou": IouMatching,
    "oracle": OracleAssociation,
    "untracked": NoTracking,
}
