"""Higher order tracking accuracy (HOTA; Luiten et al. 2020), accumulated sequence by sequence."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from .overlaps import FrameOverlaps, TrackedSegment, overlap_iou, with_own_tracks

THRESHOLDS = np.arange(1, 20) * 0.05  # of the IoU


class HigherOrderAccuracy(NamedTuple):
    """HOTA, DetA (detection) and AssA (association) in percent, each the mean over all thresholds."""

    hota: float
    det_a: float
    ass_a: float


class HotaCounts:
    """Detections and associations of things, whatever their class.

    For a threshold, true and predicted things of a frame are matched one to one, so that tracks that overlap
    in the whole sequence are preferred. DetA = TP / (TP + FN + FP). AssA is the mean over all TPs of
    TPA / (TPA + FPA + FNA): frames in which the match's two tracks are matched, by those in which either is
    present. HOTA is the square root of DetA * AssA.
    """

    def __init__(self, is_thing: Sequence[bool]) -> None:
        self._is_thing = is_thing
        self._true_positives = np.zeros(len(THRESHOLDS), np.int64)
        self._associated = np.zeros(len(THRESHOLDS))  # sum over the true positives
        self._true = self._predicted = 0

    def add(self, frames: Sequence[FrameOverlaps]) -> None:
        """Add all frames of a sequence."""
        ids: tuple[dict[int, int], dict[int, int]] = ({}, {})  # track id -> number
        present = []
        predictions = with_own_tracks([frame.predicted for frame in frames])
        for frame, segments in zip(frames, predictions, strict=True):
            t, true = self._things(frame.true, ids[0])
            p, predicted = self._things(segments, ids[1])
            present.append((true, predicted, overlap_iou(frame.pixels)[np.ix_(t, p)]))
        shape = len(ids[0]), len(ids[1])
        true_frames, predicted_frames = np.zeros(shape[0]), np.zeros(shape[1])
        alignment = np.zeros(shape)
        for true, predicted, iou in present:
            np.add.at(true_frames, true, 1)
            np.add.at(predicted_frames, predicted, 1)
            total = iou.sum(axis=1)[:, None] + iou.sum(axis=0) - iou
            share = np.divide(iou, total, out=np.zeros_like(iou), where=total > 0)
            np.add.at(alignment, (true[:, None], predicted), share)
        either = true_frames[:, None] + predicted_frames
        alignment = alignment / np.maximum(either - alignment, 1e-9)
        matches = np.zeros((len(THRESHOLDS), *shape))
        for true, predicted, iou in present:
            rows, columns = linear_sum_assignment(-alignment[np.ix_(true, predicted)] * iou)
            good = iou[rows, columns] >= THRESHOLDS[:, None] - 1e-9
            for matched, chosen in zip(matches, good, strict=True):
                np.add.at(matched, (true[rows[chosen]], predicted[columns[chosen]]), 1)
        self._true_positives += matches.sum(axis=(1, 2)).astype(np.int64)
        self._associated += (matches * matches / np.maximum(either - matches, 1)).sum(axis=(1, 2))
        self._true += int(true_frames.sum())
        self._predicted += int(predicted_frames.sum())

    def result(self) -> HigherOrderAccuracy:
        """Return the accuracy of all sequences."""
        det_a = self._true_positives / np.maximum(self._true + self._predicted - self._true_positives, 1)
        ass_a = self._associated / np.maximum(self._true_positives, 1)
        means = (100 * float(values.mean()) for values in (np.sqrt(det_a * ass_a), det_a, ass_a))
        return HigherOrderAccuracy(*means)

    def _things(
        self, segments: Sequence[TrackedSegment], numbers: dict[int, int]
    ) -> tuple[list[int], np.ndarray]:
        """Return the indices of the things, and the numbers of their tracks."""
        indices = [i for i, s in enumerate(segments) if self._is_thing[s.class_id] and not s.is_crowd]
        tracks = [numbers.setdefault(segments[i].track_id, len(numbers)) for i in indices]
        return indices, np.array(tracks, np.int64)
