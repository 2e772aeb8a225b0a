"""All metrics of an evaluation, accumulated image by image."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from ...data import AnnotatedSet, semantic_map
from ...inference import PanopticResult
from ..results import Scores
from .mask_ap import MaskAP, things_of
from .mean_iou import MeanIoU
from .panoptic_quality import ClassifiedSegment, PanopticQuality


class Metrics:
    """PQ and AP (panoptic data sets only), mIoU and frame rate.

    Memory does not grow with the number of images, except for about 50 bytes per predicted instance.
    """

    def __init__(self, data: AnnotatedSet, *, panoptic: bool) -> None:
        categories = data.samples.categories
        self.sizes: Counter[tuple[int, int]] = Counter()  # of the network's input
        self._data = data
        self._quality = PanopticQuality(len(categories)) if panoptic else None
        self._mask_ap = MaskAP([c.is_thing for c in categories]) if panoptic else None
        self._iou = MeanIoU(len(categories))
        self._frames = 0
        self._first_second = self._seconds = 0.0

    def add(self, index: int, predict: Callable[[np.ndarray], PanopticResult]) -> None:
        """Predict an image of the data set and update all metrics."""
        sample = self._data.samples[index]
        start = time.perf_counter()
        result = predict(sample.image)
        predicted_map = result.label_image  # synchronises the device
        self._clock(time.perf_counter() - start)
        height, width = result.mask_logits.shape[-2:]
        self.sizes[4 * height, 4 * width] += 1
        if self._quality:
            predicted = [ClassifiedSegment(s.id, s.class_id) for s in result.segments]
            true = [ClassifiedSegment(*segment) for segment in sample.segments]
            self._quality.update(predicted_map, predicted, sample.id_map, true)
        if self._mask_ap:
            instances = self._data.instances
            truth = instances[index] if instances else things_of(sample, self._data.samples.categories)
            self._mask_ap.update(result.instances, truth)
        labels = self._data.semantic.labels(index) if self._data.semantic else semantic_map(sample)
        self._iou.update(result.semantic.cpu().numpy(), labels)

    def _clock(self, seconds: float) -> None:
        self._frames += 1
        self._seconds += seconds
        if self._frames == 1:
            self._first_second = seconds

    def frames_per_second(self) -> float:
        """Return the frame rate from image to panoptic map, without the first of several images (warm-up)."""
        if self._frames > 1:
            return (self._frames - 1) / (self._seconds - self._first_second)
        return 1 / self._seconds

    def scores(self, groups: Sequence[tuple[str, Sequence[int]]]) -> tuple[Scores, ...]:
        """Return the mean scores of groups of classes, given by name and class indices."""
        precisions = self._mask_ap.per_class() if self._mask_ap else {}
        return tuple(self._mean(name, class_ids, precisions) for name, class_ids in groups)

    def _mean(self, name: str, class_ids: Sequence[int], precisions: dict[int, float]) -> Scores:
        aps = [precisions[i] for i in class_ids if i in precisions]
        ap = float(np.mean(aps)) if aps else None
        miou = self._iou.mean(class_ids)
        if not self._quality:
            return Scores(name, None, None, None, ap, miou, None)
        quality = self._quality.mean(class_ids)
        if np.isnan(quality.pq):
            return Scores(name, None, None, None, ap, miou, 0)
        return Scores(name, quality.pq, quality.sq, quality.rq, ap, miou, quality.num_true)
