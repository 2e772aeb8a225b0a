"""Predictions for a few images during training, beside the ground truth."""

from collections.abc import Sequence

import numpy as np

from ...data import PanopticSample
from ...drawing import draw_overlay
from ...inference import EOVSegPredictor, Segment
from .examples import number_segments
from .training_sets import TrainingSet

OPACITY = 0.5


class SamplePictures:
    """The first images of a training set, without augmentation."""

    def __init__(self, predictor: EOVSegPredictor, data: TrainingSet, limit: int) -> None:
        self._predictor = predictor
        self._data = data
        self._samples = [data.samples[i] for i in range(min(limit, len(data.samples)))]

    def draw(self) -> Sequence[np.ndarray]:
        """Return an overlay (H, 2 W, 3) uint8 per image: ground truth left, prediction right."""
        self._predictor.model.eval()
        return [np.hstack([self._truth(sample), self._prediction(sample)]) for sample in self._samples]

    def _truth(self, sample: PanopticSample) -> np.ndarray:
        labels, classes = number_segments(sample, self._data.class_of)
        vocabulary = self._data.vocabulary
        segments = [
            Segment(k + 1, c, vocabulary.labels[c], vocabulary.is_thing[c], 1.0, int((labels == k + 1).sum()))
            for k, c in enumerate(classes)
        ]
        return draw_overlay(sample.image, labels, segments, opacity=OPACITY)

    def _prediction(self, sample: PanopticSample) -> np.ndarray:
        result = self._predictor(sample.image)
        return draw_overlay(sample.image, result.label_image, result.segments, opacity=OPACITY)
