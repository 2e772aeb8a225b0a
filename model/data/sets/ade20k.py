"""ADE20K: the scene parsing challenge (150 classes) and the semantic benchmark of the full set (847).

Sources: sceneparsing.csail.mit.edu for images and annotations. Mask2Former's prepare_ade20k_*.py make the
panoptic, instance and 847-class files from the downloads.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ...vocabulary import load_vocabulary
from ..coco_instances import CocoInstances
from ..coco_panoptic import CocoPanoptic
from ..layout import Split, check_layout
from ..sample import categories_of
from ..semantic import SemanticDataset, read_indices, read_shifted

FOLDERS = {"train": "training", "val": "validation"}
VOID_16_BIT = 65535


def open_panoptic(root: Path, split: Split) -> CocoPanoptic:
    """Open the panoptic set of 150 classes; root is ADEChallengeData2016. Raises DatasetError."""
    name = f"ade20k_panoptic_{split}"
    return CocoPanoptic(root / "images" / FOLDERS[split], root / name, root / f"{name}.json")


def open_instances(root: Path, split: Split, panoptic: CocoPanoptic) -> CocoInstances:
    """Open the instances of the 100 things, in the order of panoptic's images."""
    return CocoInstances(root / f"ade20k_instance_{split}.json", panoptic.image_files, panoptic.index_of)


def open_semantic_150(root: Path, split: Split, image_files: Sequence[Path] | None = None) -> SemanticDataset:
    """Open the semantic set of 150 classes; root is ADEChallengeData2016.

    image_files limits the images; None means all. Raises DatasetError."""
    images, labels = root / "images" / FOLDERS[split], root / "annotations" / FOLDERS[split]
    check_layout("ADE20K-150", {images: "JPEG images", labels: "PNGs of class indices + 1, 0 = void"})
    image_files = sorted(images.glob("*.jpg")) if image_files is None else image_files
    label_files = [labels / f"{file.stem}.png" for file in image_files]
    categories = categories_of(load_vocabulary("ade20k_150"))
    return SemanticDataset("ADE20K-150", categories, image_files, label_files, read_shifted)


def open_semantic_847(root: Path, split: Split) -> SemanticDataset:
    """Open the semantic set of 847 classes; root is ADE20K_2021_17_01. Raises DatasetError."""
    folder = FOLDERS[split]
    images, labels = root / "images_detectron2" / folder, root / "annotations_detectron2" / folder
    parts = {images: "JPEG images", labels: "16-bit TIFFs of class indices, 65535 = void"}
    check_layout("ADE20K-847", parts)
    image_files = sorted(images.glob("*.jpg"))
    label_files = [labels / f"{file.stem}.tif" for file in image_files]
    categories = categories_of(load_vocabulary("ade20k_847"))
    read = partial(read_indices, void=VOID_16_BIT)
    return SemanticDataset("ADE20K-847", categories, image_files, label_files, read)
