"""New names for the segments of an image."""

from dataclasses import dataclass

import numpy as np

from eovseg_model.inference import Segment, SegmentFeatures
from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.bags.embeddings.stored_frame import StoredFrame


@dataclass(frozen=True)
class RenamedResult:
    """An image's segments under new names, which a Tracker takes as it takes a PanopticResult.

    parts has, for each segment, the ids of the former segments that it consists of, the largest first.
    """

    label_image: np.ndarray
    segments: list[Segment]
    segment_features: SegmentFeatures
    vocabulary: Vocabulary
    parts: dict[int, list[int]]


def rename(
    panoptic: np.ndarray,
    stored: StoredFrame,
    probabilities: np.ndarray,
    vocabulary: Vocabulary,
    object_threshold: float = 0.0,
) -> RenamedResult:
    """Name the segments of a panoptic image (H, W) by their probabilities (S, C + 1), void last.

    As in the fusion of the model, a segment is void if no class is more probable than void, or if its score
    is not above the threshold; all stuff of a class is one segment, with the lowest of their ids.
    """
    area = np.bincount(panoptic.ravel(), minlength=int(stored.ids.max(initial=0)) + 1)
    new_id = np.zeros(len(area), np.uint16)
    rows: list[int] = []
    first: dict[int, int] = {}  # stuff class -> id
    parts: dict[int, list[int]] = {}
    for row in np.argsort(stored.ids, kind="stable").tolist():
        number, class_id = int(stored.ids[row]), int(probabilities[row].argmax())
        if (
            class_id == len(vocabulary)
            or probabilities[row, class_id] <= object_threshold
            or not area[number]
        ):
            continue
        own = number if vocabulary.is_thing[class_id] else first.setdefault(class_id, number)
        if own == number:
            rows.append(row)
        new_id[number] = own
        parts.setdefault(own, []).append(number)
    label_image = new_id[panoptic]
    best = probabilities[rows, :-1].argmax(1).tolist() if rows else []
    ids = stored.ids[rows].tolist() if rows else []
    segments = [
        Segment(
            id=number,
            class_id=class_id,
            label=vocabulary.labels[class_id],
            is_thing=bool(vocabulary.is_thing[class_id]),
            score=float(probabilities[row, class_id]),
            area=int(sum(area[part] for part in parts[number])),
        )
        for row, number, class_id in zip(rows, ids, best, strict=True)
    ]
    features = SegmentFeatures(stored.kernels[rows], stored.embeddings[rows], probabilities[rows, :-1])
    ordered = {number: sorted(own, key=lambda part: -area[part]) for number, own in parts.items()}
    return RenamedResult(label_image, segments, features, vocabulary, ordered)
