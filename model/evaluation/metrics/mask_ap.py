"""COCO's average precision (AP) of instance masks, computed by hotcoco."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hotcoco import StreamingEval, mask

from ...data import Category, PanopticSample, TrueInstance
from ...inference import Instances


class MaskAP:
    """Accumulate AP image by image; about 50 bytes per prediction are kept, but no masks."""

    def __init__(self, is_thing: Sequence[bool]) -> None:
        self._things = [i for i, thing in enumerate(is_thing) if thing]
        self._evaluation = StreamingEval([{"id": i + 1, "name": str(i)} for i in self._things], "segm")
        self._images = self._instances = 0

    def update(self, predicted: Instances, true: Sequence[TrueInstance]) -> None:
        """Add an image: up to 100 predicted instances, and ground-truth instances of the same image size."""
        self._images += 1
        height, width = predicted.masks.shape[-2:]
        image = {"id": self._images, "height": height, "width": width}
        truths = [self._truth(instance) for instance in true]
        columns = zip(predicted.scores.tolist(), predicted.class_ids.tolist(), predicted.masks, strict=True)
        predictions = [
            {
                "image_id": self._images,
                "category_id": class_id + 1,
                "score": score,
                "segmentation": run_lengths(pixels.cpu().numpy()),
            }
            for score, class_id, pixels in columns
        ]
        self._evaluation.update([image], truths, predictions)

    def _truth(self, instance: TrueInstance) -> dict[str, Any]:
        self._instances += 1
        return {
            "id": self._instances,
            "image_id": self._images,
            "category_id": instance.category + 1,
            "iscrowd": int(instance.is_crowd),
            "area": instance.area,
            "segmentation": instance.segmentation,
        }

    def per_class(self) -> dict[int, float]:
        """Return AP in percent, averaged over IoU 0.5 to 0.95, of every class with ground truth."""
        if not self._images:
            return {}
        evaluation = self._evaluation.finalize()
        evaluation.accumulate()
        assert evaluation.eval is not None
        precision = np.asarray(evaluation.eval["precision"])[:, :, :, 0, -1]  # (10, 101, things)
        means = {i: precision[:, :, k] for k, i in enumerate(self._things)}
        return {i: 100 * float(p[p > -1].mean()) for i, p in means.items() if (p > -1).any()}


def run_lengths(pixels: np.ndarray) -> dict[str, Any]:
    """Encode a boolean mask (H, W) as COCO's compressed RLE."""
    return mask.encode(pixels.astype(np.uint8, order="F"))


def things_of(sample: PanopticSample, categories: Sequence[Category]) -> list[TrueInstance]:
    """Return the things of a panoptic sample as ground-truth instances."""
    things = [s for s in sample.segments if categories[s.category].is_thing]
    masks = [sample.id_map == s.id for s in things]
    return [
        TrueInstance(s.category, s.is_crowd, float(pixels.sum()), run_lengths(pixels))
        for s, pixels in zip(things, masks, strict=True)
    ]
