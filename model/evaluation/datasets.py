"""Data sets for evaluation, with their vocabularies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..data import AnnotatedSet, CocoSequences, ade20k, cityscapes, coco, pascal
from ..simulation import vocabulary_entries
from .simulation import open_scenes, simulation_groups


@dataclass(frozen=True)
class EvaluationDataset:
    """A validation set: vocabulary entries, a function that opens its folder, whether it is panoptic.

    groups are class indices to report in addition to all, things and stuff.
    """

    vocabulary: tuple[str, ...]
    open: Callable[[Path], AnnotatedSet]
    panoptic: bool = False
    groups: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class SequenceDataset:
    """Sequences for the evaluation of tracking: vocabulary entries, and a function that opens a folder."""

    vocabulary: tuple[str, ...]
    open: Callable[[Path], CocoSequences]


def _coco(root: Path) -> AnnotatedSet:
    panoptic = coco.open_panoptic(root, "val")
    return AnnotatedSet(panoptic, instances=coco.open_instances(root, "val", panoptic))


def _ade20k(root: Path) -> AnnotatedSet:
    panoptic = ade20k.open_panoptic(root, "val")
    semantic = ade20k.open_semantic_150(root, "val", panoptic.image_files)
    return AnnotatedSet(panoptic, semantic, ade20k.open_instances(root, "val", panoptic))


def _cityscapes(root: Path) -> AnnotatedSet:
    panoptic = cityscapes.open_panoptic(root, "val")
    return AnnotatedSet(panoptic, cityscapes.open_semantic(root, "val", panoptic.image_files))


DATASETS = {
    "coco": EvaluationDataset(("@coco_panoptic",), _coco, panoptic=True),
    "ade20k": EvaluationDataset(("@ade20k_150",), _ade20k, panoptic=True),
    "ade20k_150": EvaluationDataset(
        ("@ade20k_150",), lambda r: AnnotatedSet(ade20k.open_semantic_150(r, "val"))
    ),
    "ade20k_847": EvaluationDataset(
        ("@ade20k_847",), lambda r: AnnotatedSet(ade20k.open_semantic_847(r, "val"))
    ),
    "pascal_context_59": EvaluationDataset(
        ("@pascal_context_59",), lambda r: AnnotatedSet(pascal.open_context_59(r, "val"))
    ),
    "pascal_context_459": EvaluationDataset(
        ("@pascal_context_459",), lambda r: AnnotatedSet(pascal.open_context_459(r, "val"))
    ),
    "pascal_voc_20": EvaluationDataset(
        ("@pascal_voc_20",), lambda r: AnnotatedSet(pascal.open_voc_20(r, "val"))
    ),
    "cityscapes": EvaluationDataset(("@cityscapes_19",), _cityscapes, panoptic=True),
    "cityscapes_19": EvaluationDataset(
        ("@cityscapes_19",), lambda r: AnnotatedSet(cityscapes.open_semantic(r, "val"))
    ),
    "simulation": EvaluationDataset(
        vocabulary_entries(), open_scenes, panoptic=True, groups=simulation_groups()
    ),
}

SEQUENCES = {"simulation_sequences": SequenceDataset(vocabulary_entries(), CocoSequences)}
