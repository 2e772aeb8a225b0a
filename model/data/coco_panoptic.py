"""Panoptic data sets in COCO's format: images, PNGs of segment ids, one JSON."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image


class DatasetError(ValueError):
    """A data set that is not where or what it should be; the message says what is missing."""


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


@dataclass(frozen=True)
class Category:
    """One class of a data set."""

    name: str
    is_thing: bool


def encode_ids(ids: np.ndarray) -> np.ndarray:
    """Segment ids (H, W) below 2^24 -> the picture (H, W, 3) uint8 with id = R + 256 G + 65536 B."""
    return np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=-1).astype(np.uint8)


class CocoPanoptic:
    """Reads `panoptic.json` beside the folders `images` and `panoptic`."""

    def __init__(self, image_folder: Path, panoptic_folder: Path, annotation_file: Path) -> None:
        for path in (image_folder, panoptic_folder, annotation_file):
            if not path.exists():
                raise DatasetError(f"{path} is missing; a COCO panoptic set has images, PNGs and a JSON")
        content = json.loads(annotation_file.read_text(encoding="utf-8"))
        self.image_folder, self.panoptic_folder = image_folder, panoptic_folder
        self.categories = [Category(c["name"], bool(c["isthing"])) for c in content["categories"]]
        self._index = {c["id"]: i for i, c in enumerate(content["categories"])}
        self._image_names = {i["id"]: i["file_name"] for i in content["images"]}
        self._annotations = content["annotations"]

    @classmethod
    def from_folder(cls, root: str | Path) -> "CocoPanoptic":
        """A set as the simulation writes it: root/images, root/panoptic, root/panoptic.json."""
        root = Path(root)
        return cls(root / "images", root / "panoptic", root / "panoptic.json")

    def __len__(self) -> int:
        return len(self._annotations)

    def __getitem__(self, index: int) -> PanopticSample:
        annotation = self._annotations[index]
        image = Image.open(self.image_folder / self._image_names[annotation["image_id"]]).convert("RGB")
        png = np.asarray(Image.open(self.panoptic_folder / annotation["file_name"]).convert("RGB"))
        id_map = png.astype(np.int32) @ np.array([1, 256, 65536], np.int32)
        segments = [
            AnnotatedSegment(s["id"], self._index[s["category_id"]], bool(s.get("iscrowd", 0)))
            for s in annotation["segments_info"]
        ]
        return PanopticSample(np.asarray(image), id_map, segments)
