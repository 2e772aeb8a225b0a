"""Results in COCO's panoptic format: PNGs of segment ids, annotations, and categories from a vocabulary."""

from typing import Any

import numpy as np

from ..inference import PanopticResult, measure_regions
from ..vocabulary import Vocabulary
from .coco_panoptic import encode_ids


def to_coco_panoptic(
    result: PanopticResult, image_id: int | str, file_name: str
) -> tuple[np.ndarray, dict[str, Any]]:
    """Convert a result to COCO's panoptic PNG and annotation.

    image_id is the id of the image in the JSON, file_name the name of the PNG. Returns the PNG's pixels
    (H, W, 3) uint8 with id = R + 256 G + 65536 B and 0 void, and the annotation: area in pixels, bbox as
    x, y, width, height, category_id as in `coco_categories`, and the score in addition to COCO's keys.
    Source: cocodataset.org/#format-results.
    """
    ids = result.label_image
    regions = measure_regions(ids)
    segments = [
        {
            "id": s.id,
            "category_id": s.class_id + 1,
            "isthing": int(s.is_thing),
            "iscrowd": 0,
            "area": regions[s.id].area,
            "bbox": [regions[s.id].x, regions[s.id].y, regions[s.id].width, regions[s.id].height],
            "score": s.score,
        }
        for s in result.segments
    ]
    return encode_ids(ids), {"image_id": image_id, "file_name": file_name, "segments_info": segments}


def coco_categories(vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Return a vocabulary as COCO's category list: id is the class index + 1, name the first synonym."""
    return [
        {"id": i + 1, "name": c.names[0], "isthing": int(c.is_thing)}
        for i, c in enumerate(vocabulary.classes)
    ]
