"""A data set with all the truths that judging a model takes."""

from collections.abc import Sequence
from typing import NamedTuple

from ..vocabulary import Vocabulary
from .coco_instances import CocoInstances
from .layout import DatasetError
from .sample import Category, PanopticDataset
from .semantic import SemanticDataset


class AnnotatedSet(NamedTuple):
    """Samples, and image by image a semantic and an instance truth where they have files of their own.

    None: the class of every segment is the semantic truth, the things are the instances.
    """

    samples: PanopticDataset
    semantic: SemanticDataset | None = None
    instances: CocoInstances | None = None


def check_classes(categories: Sequence[Category], vocabulary: Vocabulary) -> None:
    """Raise DatasetError unless the vocabulary has as many classes, of the same kinds in the same order."""
    if len(categories) != len(vocabulary):
        raise DatasetError(f"the set has {len(categories)} classes, its vocabulary {len(vocabulary)}")
    for category, label, is_thing in zip(categories, vocabulary.labels, vocabulary.is_thing, strict=True):
        if category.is_thing != is_thing:
            kinds = ("stuff", "a thing")
            raise DatasetError(
                f"{category.name!r} is {kinds[category.is_thing]} in the set, {label!r} is {kinds[is_thing]} "
                "in its vocabulary: are the categories in another order?"
            )
