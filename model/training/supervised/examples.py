"""Augmented training examples and batches."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ...data import LargeScaleJitter, PanopticSample
from .training_sets import TrainingSet


class ExampleKey(NamedTuple):
    """Index of an image and seed of its augmentation."""

    image: int
    seed: int


class Example(NamedTuple):
    """Image (3, S, S) uint8, classes (K,), labels (S, S) int16: k + 1 in segment k, 0 elsewhere."""

    image: Tensor
    classes: Tensor
    labels: Tensor


class ExampleBatch(NamedTuple):
    """Images (B, 3, S, S), labels (B, S, S), classes of each image, and the divisor of mask losses."""

    images: Tensor
    labels: Tensor
    classes: list[Tensor]
    num_masks: float


class Examples(Dataset[Example]):
    """Training examples by key; crowds and categories without a class are void."""

    def __init__(self, data: TrainingSet, augment: LargeScaleJitter) -> None:
        self._data = data
        self._augment = augment

    def __len__(self) -> int:
        return len(self._data.samples)

    def __getitem__(self, key: ExampleKey) -> Example:
        sample = self._augment(self._data.samples[key.image], key.seed)
        labels, classes = number_segments(sample, self._data.class_of)
        pixels = torch.from_numpy(np.ascontiguousarray(sample.image)).permute(2, 0, 1)
        return Example(pixels, torch.tensor(classes, dtype=torch.long), torch.from_numpy(labels))


def number_segments(sample: PanopticSample, class_of: Sequence[int]) -> tuple[np.ndarray, list[int]]:
    """Return a sample's labels (H, W) int16, k + 1 in segment k, and the classes of its segments."""
    kept = [s for s in sample.segments if not s.is_crowd and class_of[s.category] >= 0]
    labels = np.zeros(sample.id_map.shape, np.int16)
    for k, segment in enumerate(kept):
        labels[sample.id_map == segment.id] = k + 1
    return labels, [class_of[s.category] for s in kept]


def collate(examples: Sequence[Example]) -> ExampleBatch:
    """Return a batch; num_masks is the number of its segments."""
    images, classes, labels = zip(*examples, strict=True)
    count = sum(len(c) for c in classes)
    return ExampleBatch(torch.stack(images), torch.stack(labels), list(classes), max(1, count))
