"""COCO 2017: images, panoptic annotations and instances where the downloads unpack to.

Source: cocodataset.org/#download (the panoptic archive holds a zip of PNGs, to be unpacked in `annotations`
or beside it).
"""

from pathlib import Path

from ..coco_instances import CocoInstances
from ..coco_panoptic import CocoPanoptic
from ..layout import Split


def open_panoptic(root: Path, split: Split) -> CocoPanoptic:
    """133 classes; panoptic_{split}2017 may be in root or in root/annotations. Raises DatasetError."""
    annotations = root / "annotations"
    pngs = f"panoptic_{split}2017"
    folder = annotations if (annotations / pngs).is_dir() else root
    return CocoPanoptic(root / f"{split}2017", folder / pngs, annotations / f"{pngs}.json")


def open_instances(root: Path, split: Split, panoptic: CocoPanoptic) -> CocoInstances:
    """The 80 things' instances with their overlaps and crowds, image by image of panoptic."""
    file = root / "annotations" / f"instances_{split}2017.json"
    return CocoInstances(file, panoptic.image_files, panoptic.index_of)
