"""Results in COCO's panoptic format: PNGs of segment ids, annotations, and categories from a vocabulary."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..inference import measure_regions
from ..vocabulary import Vocabulary
from .coco_panoptic import encode_ids

if TYPE_CHECKING:
    from ..inference import LabelledSegment, PanopticResult


def to_coco_panoptic(
    result: "PanopticResult", image_id: int | str, file_name: str
) -> tuple[np.ndarray, dict[str, Any]]:
    """Convert a result to COCO's panoptic PNG and annotation.

    image_id is the id of the image in the JSON, file_name the name of the PNG. Returns the PNG's pixels
    (H, W, 3) uint8 with id = R + 256 G + 65536 B and 0 void, and the annotation with its segments.
    Source: cocodataset.org/#format-results.
    """
    segments = to_coco_segments(result.label_image, result.segments)
    return encode_ids(result.label_image), {
        "image_id": image_id,
        "file_name": file_name,
        "segments_info": segments,
    }


def to_coco_segments(label_image: np.ndarray, segments: Iterable["LabelledSegment"]) -> list[dict[str, Any]]:
    """Convert the segments of a label image (H, W) to COCO's segments_info.

    area is in pixels, bbox x, y, width, height, category_id as in `coco_categories`. score, and track_id for
    segments with a track, are in addition to COCO's keys.
    """
    regions = measure_regions(label_image)
    return [
        {
            "id": s.id,
            "category_id": s.class_id + 1,
            "isthing": int(s.is_thing),
            "iscrowd": 0,
            "area": regions[s.id].area,
            "bbox": [regions[s.id].x, regions[s.id].y, regions[s.id].width, regions[s.id].height],
            "score": s.score,
        }
        | ({"track_id": s.track_id} if s.track_id else {})
        for s in segments
    ]


def coco_categories(vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Return a vocabulary as COCO's category list: id is the class index + 1, name the first synonym."""
    return [
        {"id": i + 1, "name": c.names[0], "isthing": int(c.is_thing)}
        for i, c in enumerate(vocabulary.classes)
    ]
