"""Ground-truth instances from COCO instance files."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .layout import DatasetError, check_layout


class TrueInstance(NamedTuple):
    """A ground-truth instance: class index, crowd flag, area in pixels, COCO polygons or RLE."""

    category: int
    is_crowd: bool
    area: float
    segmentation: Any


class CocoInstances:
    """Reader of an instance JSON; index_of maps category ids to class indices. Raises DatasetError."""

    def __init__(
        self, annotation_file: Path, image_files: Sequence[Path], index_of: Mapping[int, int]
    ) -> None:
        check_layout(annotation_file.name, {annotation_file: "instances as polygons or RLE"})
        content = json.loads(annotation_file.read_text(encoding="utf-8"))
        image_ids = {image["file_name"]: image["id"] for image in content["images"]}
        unknown = [file.name for file in image_files if file.name not in image_ids]
        if unknown:
            raise DatasetError(
                f"{len(unknown)} images are missing in {annotation_file}; the first is {unknown[0]}"
            )
        self._image_ids = [image_ids[file.name] for file in image_files]
        self._instances: dict[Any, list[TrueInstance]] = defaultdict(list)
        for a in content["annotations"]:
            instance = TrueInstance(
                index_of[a["category_id"]], bool(a.get("iscrowd", 0)), a["area"], a["segmentation"]
            )
            self._instances[a["image_id"]].append(instance)

    def __getitem__(self, index: int) -> list[TrueInstance]:
        return self._instances.get(self._image_ids[index], [])
