"""ADE20K: the scene parsing challenge (150 classes) and the full set's semantic benchmark (847).

Sources: sceneparsing.csail.mit.edu for images and annotations; the panoptic, instance and 847-class files
are made from the downloads by the prepare_ade20k_*.py of Mask2Former.
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
    """150 classes below ADEChallengeData2016. Raises DatasetError."""
    name = f"ade20k_panoptic_{split}"
    return CocoPanoptic(root / "images" / FOLDERS[split], root / name, root / f"{name}.json")


def open_instances(root: Path, split: Split, panoptic: CocoPanoptic) -> CocoInstances:
    """The 100 things' instances, image by image of panoptic."""
    return CocoInstances(root / f"ade20k_instance_{split}.json", panoptic.image_files, panoptic.index_of)


def open_semantic_150(root: Path, split: Split, image_files: Sequence[Path] | None = None) -> SemanticDataset:
    """150 classes below ADEChallengeData2016, of all images or of the given ones. Raises DatasetError."""
    images, labels = root / "images" / FOLDERS[split], root / "annotations" / FOLDERS[split]
    check_layout("ADE20K-150", {images: "JPEG images", labels: "PNGs, 0 void, 1 to 150 classes"})
    image_files = sorted(images.glob("*.jpg")) if image_files is None else image_files
    label_files = [labels / f"{file.stem}.png" for file in image_files]
    categories = categories_of(load_vocabulary("ade20k_150"))
    return SemanticDataset("ADE20K-150", categories, image_files, label_files, read_shifted)


def open_semantic_847(root: Path, split: Split) -> SemanticDataset:
    """847 classes below ADE20K_2021_17_01. Raises DatasetError."""
    folder = FOLDERS[split]
    images, labels = root / "images_detectron2" / folder, root / "annotations_detectron2" / folder
    parts = {images: "JPEG images", labels: "16-bit TIFFs of class indices, 65535 void"}
    check_layout("ADE20K-847", parts)
    image_files = sorted(images.glob("*.jpg"))
    label_files = [labels / f"{file.stem}.tif" for file in image_files]
    categories = categories_of(load_vocabulary("ade20k_847"))
    read = partial(read_indices, void=VOID_16_BIT)
    return SemanticDataset("ADE20K-847", categories, image_files, label_files, read)
