"""COCO 2017: images, panoptic annotations and instances, in the layout of the unpacked downloads.

Source: cocodataset.org/#download. The panoptic archive contains a zip of PNGs; unpack it in `annotations`
or beside it.
"""

from pathlib import Path

from ..coco_instances import CocoInstances
from ..coco_panoptic import CocoPanoptic
from ..layout import Split


def open_panoptic(root: Path, split: Split) -> CocoPanoptic:
    """Open the panoptic set of 133 classes; the PNGs are in root or root/annotations. Raises DatasetError."""
    annotations = root / "annotations"
    pngs = f"panoptic_{split}2017"
    folder = annotations if (annotations / pngs).is_dir() else root
    return CocoPanoptic(root / f"{split}2017", folder / pngs, annotations / f"{pngs}.json")


def open_instances(root: Path, split: Split, panoptic: CocoPanoptic) -> CocoInstances:
    """Open the instances of the 80 things, with overlaps and crowds, in the order of panoptic's images."""
    file = root / "annotations" / f"instances_{split}2017.json"
    return CocoInstances(file, panoptic.image_files, panoptic.index_of)
