"""Segmentation and tracking quality (STQ; Weber et al. 2021), accumulated sequence by sequence."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .overlaps import FrameOverlaps


class TrackingQuality(NamedTuple):
    """STQ, the geometric mean of AQ (association) and SQ (segmentation), in percent."""

    stq: float
    aq: float
    sq: float


class SegmentationTrackingQuality:
    """Pixels of classes and of tracks; memory grows with the number of tracks only.

    AQ: a track is a set of pixels of several frames, regardless of its classes. For a true track g of |g|
    pixels, AQ(g) is the sum over all predicted tracks p of |p & g| * IoU(p, g), divided by |g|. AQ is the
    mean over the true tracks of all sequences. Only things have tracks; predicted things of track 0 are in
    none. Pixels whose ground truth is void or a crowd do not count.

    SQ: the mean IoU of the classes over all pixels of all sequences. Classes with neither ground truth nor
    predictions are left out; pixels whose ground truth is void do not count.

    Example:
        >>> from eovseg_model.evaluation.metrics.overlaps import TrackedSegment
        >>> frame = FrameOverlaps([TrackedSegment(0, 1)], [TrackedSegment(0, 5)], np.array([[0, 0], [0, 4]]))
        >>> later = FrameOverlaps([TrackedSegment(0, 1)], [TrackedSegment(0, 6)], np.array([[0, 0], [0, 4]]))
        >>> quality = SegmentationTrackingQuality(is_thing=[True])
        >>> quality.add([frame, later])  # the object has two ids: 2 * (4 * 4 / 8) / 8
        >>> quality.result().aq
        50.0
    """

    def __init__(self, is_thing: Sequence[bool]) -> None:
        self._is_thing = is_thing
        num_classes = len(is_thing)
        self._confusion = np.zeros((num_classes, num_classes + 1), np.int64)  # the last column is void
        self._aq_sum = 0.0
        self._tracks = 0

    def add(self, frames: Sequence[FrameOverlaps]) -> None:
        """Add all frames of a sequence."""
        true: Counter[int] = Counter()
        predicted: Counter[int] = Counter()
        both: Counter[tuple[int, int]] = Counter()
        for frame in frames:
            self._add_classes(frame)
            rows = [t + 1 for t, s in enumerate(frame.true) if self._is_thing[s.class_id] and not s.is_crowd]
            judged = [t + 1 for t, s in enumerate(frame.true) if not s.is_crowd]
            for t in rows:
                true[frame.true[t - 1].track_id] += int(frame.pixels[t].sum())
            for p, segment in enumerate(frame.predicted, start=1):
                if not self._is_thing[segment.class_id] or not segment.track_id:
                    continue
                predicted[segment.track_id] += int(frame.pixels[judged, p].sum())
                for t in rows:
                    if count := int(frame.pixels[t, p]):
                        both[frame.true[t - 1].track_id, segment.track_id] += count
        self._tracks += sum(1 for count in true.values() if count)
        for (t, p), common in both.items():
            self._aq_sum += common / true[t] * common / (true[t] + predicted[p] - common)

    def result(self) -> TrackingQuality:
        """Return the quality of all sequences; NaN if there are no things (AQ) or no segments at all (SQ)."""
        aq = self._aq_sum / self._tracks if self._tracks else math.nan
        common = np.diagonal(self._confusion)
        union = self._confusion.sum(axis=1) + self._confusion[:, :-1].sum(axis=0) - common
        occurring = union > 0
        sq = float(np.mean(common[occurring] / union[occurring])) if occurring.any() else math.nan
        return TrackingQuality(100 * math.sqrt(aq * sq), 100 * aq, 100 * sq)

    def _add_classes(self, frame: FrameOverlaps) -> None:
        void = len(self._is_thing)
        rows = np.array([s.class_id for s in frame.true], np.int64)
        columns = np.array([void, *(s.class_id for s in frame.predicted)], np.int64)
        np.add.at(self._confusion, (rows[:, None], columns), frame.pixels[1:])
