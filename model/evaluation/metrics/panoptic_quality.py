"""Panoptic quality (PQ; Kirillov et al. 2019), accumulated image by image."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .overlaps import TrackedSegment, count_overlaps, overlap_iou


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
        """Add an image: two (H, W) id maps, 0 void, and their segments. Ids without a segment are void.

        Of several crowds of a class only the last one is used, as in COCO's panopticapi.
        """
        ids = [s.id for s in true], [s.id for s in predicted]
        self.add(count_overlaps(true_map, ids[0], predicted_map, ids[1]), true, predicted)

    def add(
        self,
        pixels: np.ndarray,
        true: Sequence[ClassifiedSegment | TrackedSegment],
        predicted: Sequence[ClassifiedSegment | TrackedSegment],
    ) -> None:
        """Add common pixels (T + 1, P + 1) as of `count_overlaps`, and their segments."""
        iou = overlap_iou(pixels)
        true_classes = np.array([t.class_id for t in true], np.int64)
        predicted_classes = np.array([p.class_id for p in predicted], np.int64)
        crowd = np.array([t.is_crowd for t in true], bool)
        matches = (iou > 0.5) & (true_classes[:, None] == predicted_classes) & ~crowd[:, None]
        matched_true, matched_predicted = np.nonzero(matches)
        np.add.at(self.true_positives, true_classes[matched_true], 1)
        np.add.at(self.iou_sum, true_classes[matched_true], iou[matches])
        missed = ~matches.any(axis=1) & ~crowd & (pixels[1:].sum(axis=1) > 0)
        np.add.at(self.false_negatives, true_classes[missed], 1)
        ignored, area = pixels[0, 1:].copy(), pixels[:, 1:].sum(axis=0)
        for class_id, row in {t.class_id: i + 1 for i, t in enumerate(true) if t.is_crowd}.items():
            ignored += np.where(predicted_classes == class_id, pixels[row, 1:], 0)
        wrong = ~matches.any(axis=0) & (area > 0) & (ignored <= 0.5 * area)
        np.add.at(self.false_positives, predicted_classes[wrong], 1)

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
