"""A data set with all ground truth that an evaluation needs."""

from collections.abc import Sequence
from typing import NamedTuple

from ..vocabulary import Vocabulary
from .coco_instances import CocoInstances
from .layout import DatasetError
from .sample import Category, PanopticDataset
from .semantic import SemanticDataset


class AnnotatedSet(NamedTuple):
    """Samples with semantic and instance ground truth from separate files, in the order of the images.

    If semantic is None, the segments' classes are the ground truth; if instances is None, the thing segments.
    """

    samples: PanopticDataset
    semantic: SemanticDataset | None = None
    instances: CocoInstances | None = None


def check_classes(categories: Sequence[Category], vocabulary: Vocabulary) -> None:
    """Raise DatasetError unless the numbers of classes and the order of things and stuff are the same."""
    if len(categories) != len(vocabulary):
        raise DatasetError(
            f"the data set has {len(categories)} classes, but its vocabulary has {len(vocabulary)}"
        )
    for category, label, is_thing in zip(categories, vocabulary.labels, vocabulary.is_thing, strict=True):
        if category.is_thing != is_thing:
            kinds = ("stuff", "a thing")
            raise DatasetError(
                f"{category.name!r} is {kinds[category.is_thing]} in the data set, but {label!r} is "
                f"{kinds[is_thing]} in its vocabulary: check that the categories have the same order"
            )
