"""Augmented training examples, and what a batch of them is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ...data import LargeScaleJitter, PanopticSample
from .training_sets import TrainingSet


class ExampleKey(NamedTuple):
    """Which image, and the seed of its augmentation."""

    image: int
    seed: int


class Example(NamedTuple):
    """image (3, S, S) uint8, classes (K,), labels (S, S) int16: k + 1 where segment k is, 0 elsewhere."""

    image: Tensor
    classes: Tensor
    labels: Tensor


class ExampleBatch(NamedTuple):
    """images (B, 3, S, S), labels (B, S, S), classes of each; mask losses are divided by num_masks."""

    images: Tensor
    labels: Tensor
    classes: list[Tensor]
    num_masks: float


class Examples(Dataset[Example]):
    """A training set by key; crowds and categories without a class are void."""

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
    """What is learned from a sample: labels (H, W) int16, k + 1 where segment k is, and the classes."""
    kept = [s for s in sample.segments if not s.is_crowd and class_of[s.category] >= 0]
    labels = np.zeros(sample.id_map.shape, np.int16)
    for k, segment in enumerate(kept):
        labels[sample.id_map == segment.id] = k + 1
    return labels, [class_of[s.category] for s in kept]


def collate(examples: Sequence[Example]) -> ExampleBatch:
    """One batch; its number of masks is its own."""
    images, classes, labels = zip(*examples, strict=True)
    count = sum(len(c) for c in classes)
    return ExampleBatch(torch.stack(images), torch.stack(labels), list(classes), max(1, count))
