"""Panoptic quality (PQ; Kirillov et al. 2019), accumulated image by image."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...inference import VOID_ID


class ClassifiedSegment(NamedTuple):
    """A segment of an id map: its id, its class, and whether it is a crowd region."""

    id: int
    class_id: int
    is_crowd: bool = False


class ClassQuality(NamedTuple):
    """PQ = SQ * RQ in percent, and the number of ground-truth segments."""

    pq: float
    sq: float
    rq: float
    num_true: int


class PanopticQuality:
    """Matches per class; memory does not grow with the number of images.

    Example:
        >>> quality = PanopticQuality(num_classes=1)
        >>> true, predicted = np.array([[1, 1, 1, 1]]), np.array([[1, 1, 1, 0]])
        >>> quality.update(predicted, [ClassifiedSegment(1, 0)], true, [ClassifiedSegment(1, 0)])
        >>> quality.mean().pq  # one match with an IoU of 3 / 4
        75.0
    """

    def __init__(self, num_classes: int) -> None:
        self.iou_sum = np.zeros(num_classes)
        self.true_positives = np.zeros(num_classes, np.int64)
        self.false_positives = np.zeros(num_classes, np.int64)
        self.false_negatives = np.zeros(num_classes, np.int64)

    def update(
        self,
        predicted_map: np.ndarray,
        predicted: Sequence[ClassifiedSegment],
        true_map: np.ndarray,
        true: Sequence[ClassifiedSegment],
    ) -> None:
        """Add an image: two (H, W) id maps, 0 void, and their segments.

        Of several crowds of a class only the last one is used, as in COCO's panopticapi.
        """
        overlap, predicted_area, true_area = _overlaps(predicted_map, true_map)
        matched_true, matched_predicted = set(), set()
        for t in (t for t in true if not t.is_crowd):
            for p in predicted:
                intersection = overlap.get((p.id, t.id), 0)
                if p.class_id != t.class_id or not intersection:
                    continue
                unlabelled = overlap.get((p.id, VOID_ID), 0)
                union = predicted_area[p.id] + true_area[t.id] - intersection - unlabelled
                if intersection / union > 0.5:
                    self.true_positives[t.class_id] += 1
                    self.iou_sum[t.class_id] += intersection / union
                    matched_true.add(t.id)
                    matched_predicted.add(p.id)
        for t in true:
            if not t.is_crowd and t.id not in matched_true and true_area.get(t.id, 0):
                self.false_negatives[t.class_id] += 1
        crowds = {t.class_id: t.id for t in true if t.is_crowd}
        for p in predicted:
            if p.id in matched_predicted or not (area := predicted_area.get(p.id, 0)):
                continue
            ignored = overlap.get((p.id, VOID_ID), 0) + overlap.get((p.id, crowds.get(p.class_id, -1)), 0)
            if ignored / area <= 0.5:
                self.false_positives[p.class_id] += 1

    def of_class(self, class_id: int) -> ClassQuality | None:
        """Return the quality of a class; None if it is neither in the ground truth nor predicted."""
        tp, fp, fn = (a[class_id] for a in (self.true_positives, self.false_positives, self.false_negatives))
        if tp + fp + fn == 0:
            return None
        sq = self.iou_sum[class_id] / tp if tp else 0.0
        rq = tp / (tp + 0.5 * fp + 0.5 * fn)
        return ClassQuality(100 * float(sq * rq), 100 * float(sq), 100 * float(rq), int(tp + fn))

    def mean(self, class_ids: Sequence[int] | None = None) -> ClassQuality:
        """Return the mean over the given classes (default: all), excluding those that never occur."""
        ids = range(len(self.iou_sum)) if class_ids is None else class_ids
        per_class = [q for q in map(self.of_class, ids) if q is not None]
        if not per_class:
            return ClassQuality(float("nan"), float("nan"), float("nan"), 0)
        columns = list(zip(*per_class, strict=True))
        pq, sq, rq = (float(np.mean(c)) for c in columns[:3])
        return ClassQuality(pq, sq, rq, sum(columns[3]))


def _overlaps(
    predicted_map: np.ndarray, true_map: np.ndarray
) -> tuple[dict[tuple[int, int], int], dict[int, int], dict[int, int]]:
    """Count the pixels of every pair of ids, and of every id in each map."""
    if predicted_map.shape != true_map.shape:
        raise ValueError(
            f"maps differ in shape: prediction {predicted_map.shape}, ground truth {true_map.shape}"
        )
    pairs = predicted_map.astype(np.int64) * (1 << 32) + true_map.astype(np.int64)
    values, counts = np.unique(pairs, return_counts=True)
    overlap = {(int(v >> 32), int(v & 0xFFFFFFFF)): int(n) for v, n in zip(values, counts, strict=True)}
    areas: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for pair, n in overlap.items():
        for side in (0, 1):
            areas[side][pair[side]] = areas[side].get(pair[side], 0) + n
    return overlap, *areas
