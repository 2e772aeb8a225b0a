"""Samples of data sets: images with their ground-truth segments."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from ..vocabulary import Vocabulary


class Category(NamedTuple):
    """A class of a data set."""

    name: str
    is_thing: bool


class AnnotatedSegment(NamedTuple):
    """A ground-truth segment: its value in the id map, the index of its category, COCO's crowd flag."""

    id: int
    category: int
    is_crowd: bool


class PanopticSample(NamedTuple):
    """An image (H, W, 3) uint8 RGB, its id map (H, W) int32 with 0 void, and its segments."""

    image: np.ndarray
    id_map: np.ndarray
    segments: list[AnnotatedSegment]


class PanopticDataset(Protocol):
    """Samples by index; in a semantic data set every class in an image is one segment."""

    @property
    def categories(self) -> Sequence[Category]:
        """The classes, indexed by a segment's category."""

    @property
    def image_files(self) -> Sequence[Path]:
        """The path of every image, by index."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> PanopticSample: ...


def categories_of(vocabulary: Vocabulary) -> list[Category]:
    """Return a vocabulary's classes as categories."""
    return [
        Category(label, thing) for label, thing in zip(vocabulary.labels, vocabulary.is_thing, strict=True)
    ]
