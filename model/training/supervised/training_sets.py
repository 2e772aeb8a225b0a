"""Data sets for training, with their vocabularies."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ...data import CocoPanoptic, PanopticDataset, check_classes, coco
from ...simulation import TRAINED_NAMES, vocabulary_entries
from ...vocabulary import Vocabulary, load_vocabulary


class TrainingSet(NamedTuple):
    """Samples, the classes to learn, and the class of every category (-1: none)."""

    samples: PanopticDataset
    vocabulary: Vocabulary
    class_of: tuple[int, ...]


def _coco(root: Path) -> TrainingSet:
    samples = coco.open_panoptic(root, "train")
    vocabulary = load_vocabulary("coco_panoptic")
    check_classes(samples.categories, vocabulary)
    return TrainingSet(samples, vocabulary, tuple(range(len(vocabulary))))


def _simulation(root: Path) -> TrainingSet:
    """Open a simulated set with the demo model's training names; kept-out names have no class."""
    samples = CocoPanoptic.from_folder(root)
    vocabulary = Vocabulary.parse(vocabulary_entries(TRAINED_NAMES))
    index = {label: i for i, label in enumerate(vocabulary.labels)}
    return TrainingSet(samples, vocabulary, tuple(index.get(c.name, -1) for c in samples.categories))


TRAINING_SETS: dict[str, Callable[[Path], TrainingSet]] = {"coco": _coco, "simulation": _simulation}
