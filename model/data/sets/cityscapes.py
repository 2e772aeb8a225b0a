"""Cityscapes' fine annotations: 19 classes.

Source: cityscapes-dataset.com. createPanopticImgs.py and createTrainIdLabelImgs.py of cityscapesScripts make
the panoptic and train-id files from the download.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ...vocabulary import load_vocabulary
from ..coco_panoptic import CocoPanoptic
from ..layout import Split, check_layout
from ..sample import categories_of
from ..semantic import SemanticDataset, read_indices

VOID_8_BIT = 255
IMAGE = "_leftImg8bit.png"
LABELS = "_gtFine_labelTrainIds.png"


def open_panoptic(root: Path, split: Split) -> CocoPanoptic:
    """Open the panoptic set; groups of things are crowds. Raises DatasetError."""
    name = f"cityscapes_panoptic_{split}"
    folder = root / "gtFine"
    return CocoPanoptic(root / "leftImg8bit" / split, folder / name, folder / f"{name}.json", _image_name)


def open_semantic(root: Path, split: Split, image_files: Sequence[Path] | None = None) -> SemanticDataset:
    """Open the train-id labels; image_files limits the images, None means all. Raises DatasetError."""
    images, labels = root / "leftImg8bit" / split, root / "gtFine" / split
    check_layout(
        "Cityscapes", {images: "images, one folder per city", labels: f"*{LABELS}, one folder per city"}
    )
    image_files = sorted(images.glob(f"*/*{IMAGE}")) if image_files is None else image_files
    label_files = [labels / f.parent.name / (f.name.removesuffix(IMAGE) + LABELS) for f in image_files]
    read = partial(read_indices, void=VOID_8_BIT)
    categories = categories_of(load_vocabulary("cityscapes_19"))
    return SemanticDataset("Cityscapes", categories, image_files, label_files, read)


def _image_name(name: str) -> str:
    """ulm_000000_000019_gtFine_leftImg8bit.png -> ulm/ulm_000000_000019_leftImg8bit.png"""
    return f"{name.partition('_')[0]}/{name.replace('_gtFine', '')}"
