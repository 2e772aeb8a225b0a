"""Write frames as COCO panoptic files: images, PNGs of segment ids and annotations."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..data import encode_ids
from .catalog import CATALOG, STUFF_NAMES
from .frame import Frame

CATEGORIES = [
    {"id": i + 1, "name": name, "isthing": int(name not in STUFF_NAMES)} for i, name in enumerate(CATALOG)
]
_CATEGORY_IDS = {category["name"]: category["id"] for category in CATEGORIES}
JPEG_QUALITY = 95


def write_frame(frame: Frame, folder: Path, image_id: int, name: str | None = None) -> dict[str, Any]:
    """Write images/<name>.jpg and panoptic/<name>.png below folder; return the COCO records.

    The name's default is the id.
    """
    name = name or f"{image_id:09d}"
    height, width = frame.segment_ids.shape
    Image.fromarray(frame.rgb).save(folder / "images" / f"{name}.jpg", quality=JPEG_QUALITY)
    Image.fromarray(encode_ids(frame.segment_ids)).save(folder / "panoptic" / f"{name}.png")
    return {
        "image": {"id": image_id, "file_name": f"{name}.jpg", "height": height, "width": width},
        "annotation": {
            "image_id": image_id,
            "file_name": f"{name}.png",
            "segments_info": [
                {
                    "id": segment.id,
                    "category_id": _CATEGORY_IDS[segment.label],
                    "iscrowd": 0,
                    **_extent(frame.segment_ids == segment.id),
                }
                for segment in frame.segments
            ],
        },
    }


def _extent(mask: np.ndarray) -> dict[str, Any]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return {
        "area": int(mask.sum()),
        "bbox": [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1],
    }
