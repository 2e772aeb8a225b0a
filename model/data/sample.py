"""What every data set gives: images with their true segments."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from ..vocabulary import Vocabulary


class Category(NamedTuple):
    """One class of a data set."""

    name: str
    is_thing: bool


class AnnotatedSegment(NamedTuple):
    """One true segment: its value in the id map, its category's index, COCO's crowd flag."""

    id: int
    category: int
    is_crowd: bool


class PanopticSample(NamedTuple):
    """image (H, W, 3) uint8 RGB, id_map (H, W) int32 with 0 void, and the segments in it."""

    image: np.ndarray
    id_map: np.ndarray
    segments: list[AnnotatedSegment]


class PanopticDataset(Protocol):
    """Images by index; in a semantic set every class of an image is one segment."""

    @property
    def categories(self) -> Sequence[Category]:
        """The classes; a segment's category is an index in here."""

    @property
    def image_files(self) -> Sequence[Path]:
        """The file of every image, by index."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> PanopticSample: ...


def categories_of(vocabulary: Vocabulary) -> list[Category]:
    """A vocabulary's classes as a data set's."""
    return [
        Category(label, thing) for label, thing in zip(vocabulary.labels, vocabulary.is_thing, strict=True)
    ]
