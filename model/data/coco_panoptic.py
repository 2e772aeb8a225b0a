"""Panoptic data sets in COCO format: images, PNGs of segment ids, one JSON."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from .layout import check_files, check_layout
from .pictures import read_picture
from .sample import AnnotatedSegment, Category, PanopticSample


def encode_ids(ids: np.ndarray) -> np.ndarray:
    """Encode segment ids (H, W) below 2^24 as (H, W, 3) uint8 with id = R + 256 G + 65536 B."""
    ids = ids.astype(np.int64)  # from fewer bits, too
    return np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=-1).astype(np.uint8)


class CocoPanoptic:
    """Reader of a panoptic JSON and its two folders; classes are indexed in the order of category ids.

    image_name maps an image's name in the JSON to its path below image_folder. Raises DatasetError if files
    are missing. Source: cocodataset.org/#format-data.
    """

    def __init__(
        self,
        image_folder: Path,
        panoptic_folder: Path,
        annotation_file: Path,
        image_name: Callable[[str], str] = str,
    ) -> None:
        parts = {
            image_folder: "the images",
            panoptic_folder: "PNGs of segment ids",
            annotation_file: "images, segments and categories",
        }
        check_layout(annotation_file.name, parts)
        content = json.loads(annotation_file.read_text(encoding="utf-8"))
        categories = sorted(content["categories"], key=lambda c: c["id"])
        self.categories = [Category(c["name"], bool(c["isthing"])) for c in categories]
        self.index_of = {c["id"]: i for i, c in enumerate(categories)}  # category id -> class index
        self._annotations = content["annotations"]
        names = {i["id"]: image_name(i["file_name"]) for i in content["images"]}
        self.image_files = [image_folder / names[a["image_id"]] for a in self._annotations]
        self._panoptic_files = [panoptic_folder / a["file_name"] for a in self._annotations]
        check_files(annotation_file.name, "images", self.image_files)
        check_files(annotation_file.name, "PNGs of segment ids", self._panoptic_files)

    @classmethod
    def from_folder(cls, root: str | Path) -> "CocoPanoptic":
        """Open a data set written by the simulation: root/images, root/panoptic, root/panoptic.json."""
        root = Path(root)
        return cls(root / "images", root / "panoptic", root / "panoptic.json")

    def __len__(self) -> int:
        return len(self._annotations)

    def __getitem__(self, index: int) -> PanopticSample:
        image = read_picture(self.image_files[index], upright=False)  # ids are of the stored pixels
        png = np.asarray(Image.open(self._panoptic_files[index]).convert("RGB"))
        id_map = png.astype(np.int32) @ np.array([1, 256, 65536], np.int32)
        segments = [
            AnnotatedSegment(s["id"], self.index_of[s["category_id"]], bool(s.get("iscrowd", 0)))
            for s in self._annotations[index]["segments_info"]
        ]
        return PanopticSample(image, id_map, segments)
