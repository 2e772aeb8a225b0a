"""Average precision of masks: visible arithmetic, and pycocotools on random instances."""

from typing import NamedTuple

import hotcoco.mask
import numpy as np
import pytest
import torch
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from eovseg_model.data.coco_instances import TrueInstance
from eovseg_model.data.sample import AnnotatedSegment, Category, PanopticSample
from eovseg_model.evaluation.metrics.mask_ap import MaskAP, run_lengths, things_of
from eovseg_model.inference.panoptic import Instances

SIZE = (20, 24)


def strip(start: int, stop: int) -> np.ndarray:
    """A mask of one row."""
    pixels = np.zeros((1, 10), bool)
    pixels[0, start:stop] = True
    return pixels


def instances(*columns: tuple[float, int, np.ndarray]) -> Instances:
    """Predictions (score, class, mask)."""
    scores, class_ids, masks = zip(*columns, strict=True) if columns else ((), (), ())
    stacked = np.stack(masks) if masks else np.zeros((0, *SIZE), bool)
    return Instances(torch.tensor(scores), torch.tensor(class_ids), torch.from_numpy(stacked))


def truth(category: int, pixels: np.ndarray, is_crowd: bool = False) -> TrueInstance:
    return TrueInstance(category, is_crowd, float(pixels.sum()), run_lengths(pixels))


def test_an_iou_of_five_sevenths_passes_five_of_ten_thresholds():
    """0.714 is above 0.5, 0.55, 0.6, 0.65, 0.7: precision 1 there, 0 at the other five."""
    ap = MaskAP([False, True])
    ap.update(instances((0.9, 1, strip(0, 5))), [truth(1, strip(0, 7))])
    assert ap.per_class() == {1: pytest.approx(50)}


def test_a_better_scored_false_positive_halves_precision():
    """Found second: precision 1/2 at every recall."""
    ap = MaskAP([True])
    ap.update(instances((0.9, 0, strip(5, 9)), (0.8, 0, strip(0, 4))), [truth(0, strip(0, 4))])
    assert ap.per_class() == {0: pytest.approx(50)}


def test_more_than_ten_instances_of_an_image_count():
    """COCO also computes AP of the first and of the ten best predictions."""
    ap = MaskAP([True])
    masks = list(np.eye(12, dtype=bool)[:, None])  # one pixel each
    ap.update(instances(*((0.5, 0, mask) for mask in masks)), [truth(0, mask) for mask in masks])
    assert ap.per_class() == {0: pytest.approx(100)}


def test_a_crowd_is_neither_missed_nor_does_it_make_a_false_positive():
    ap = MaskAP([True])
    predictions = instances((0.9, 0, strip(5, 7)), (0.8, 0, strip(0, 4)))
    ap.update(predictions, [truth(0, strip(0, 4)), truth(0, strip(5, 10), is_crowd=True)])
    assert ap.per_class() == {0: pytest.approx(100)}


def test_classes_that_the_truth_never_has_have_no_precision():
    assert MaskAP([True]).per_class() == {}
    ap = MaskAP([True, True])
    ap.update(instances((0.9, 0, strip(0, 4))), [truth(1, strip(0, 4))])
    assert ap.per_class() == {1: 0}


def test_things_of_a_panoptic_sample():
    id_map = np.array([[1, 1, 2, 3, 0]], np.int32)
    segments = [AnnotatedSegment(1, 0, False), AnnotatedSegment(2, 1, True), AnnotatedSegment(3, 1, False)]
    sample = PanopticSample(np.zeros((1, 5, 3), np.uint8), id_map, segments)
    crowd, single = things_of(sample, [Category("floor", False), Category("mug", True)])
    assert (crowd.category, crowd.is_crowd, crowd.area) == (1, True, 1)
    assert (single.category, single.is_crowd, single.area) == (1, False, 1)
    assert hotcoco.mask.decode(single.segmentation).tolist() == [[0, 0, 0, 1, 0]]


class Drawn(NamedTuple):
    """A random instance and where it is."""

    category: int
    pixels: np.ndarray


def draw(rng: np.random.Generator, near: Drawn | None = None) -> Drawn:
    """A random box, or one with a wrong edge and maybe another class near a given one."""
    if near is not None:
        shift = tuple(rng.integers(-1, 2, 2))
        category = near.category if rng.random() < 0.8 else int(rng.integers(4))
        return Drawn(category, np.roll(near.pixels, shift, (0, 1)))
    pixels = np.zeros(SIZE, bool)
    y, x, h, w = rng.integers(0, 14), rng.integers(0, 18), *rng.integers(1, 9, 2)
    pixels[y : y + h, x : x + w] = True
    return Drawn(int(rng.integers(4)), pixels)


@pytest.mark.parametrize("seed", range(4))
def test_pycocotools_agrees(seed):
    """Crowds, one-pixel masks, overlaps, images without truth or predictions, wrong classes, equal scores."""
    rng = np.random.default_rng(seed)
    ap = MaskAP([True] * 4)
    images, truths, predictions = [], [], []
    for image_id in range(1, 40):
        true = [draw(rng) for _ in range(rng.integers(0, 6))]
        crowd = [bool(rng.random() < 0.2) for _ in true]
        found = [draw(rng, near) for near in true if rng.random() < 0.8] + [draw(rng) for _ in range(2)]
        found = [] if image_id % 7 == 0 else found
        scores = [float(np.float32(round(rng.random(), 1))) for _ in found]
        ap.update(
            instances(*((s, f.category, f.pixels) for s, f in zip(scores, found, strict=True))),
            [truth(t.category, t.pixels, c) for t, c in zip(true, crowd, strict=True)],
        )
        images.append({"id": image_id, "height": SIZE[0], "width": SIZE[1]})
        truths += [_coco(t, image_id, iscrowd=int(c)) for t, c in zip(true, crowd, strict=True)]
        predictions += [_coco(f, image_id, score=s) for s, f in zip(scores, found, strict=True)]
    expected = _pycocotools(images, truths, predictions)
    assert len(expected) == 4
    assert ap.per_class() == {i: pytest.approx(value, abs=1e-9) for i, value in expected.items()}


def _coco(drawn: Drawn, image_id: int, **more: float) -> dict:
    rle = coco_mask.encode(np.asfortranarray(drawn.pixels, np.uint8))
    area = int(drawn.pixels.sum())
    return {"image_id": image_id, "category_id": drawn.category, "segmentation": rle, "area": area} | more


def _pycocotools(images: list, truths: list, predictions: list) -> dict[int, float]:
    true = COCO()
    annotations = [{"id": i, "bbox": [0, 0, 1, 1], **t} for i, t in enumerate(truths, start=1)]
    categories = [{"id": i, "name": str(i)} for i in range(4)]
    true.dataset = {"images": images, "annotations": annotations, "categories": categories, "info": {}}
    true.createIndex()
    evaluation = COCOeval(true, true.loadRes(predictions), "segm")
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, -1]
    return {i: 100 * p[p > -1].mean() for i, p in enumerate(np.moveaxis(precision, 2, 0)) if (p > -1).any()}


def test_polygons_of_coco_are_read():
    """A true square of 3x4 as COCO draws it, and a prediction of the same pixels."""
    ap = MaskAP([True])
    pixels = np.zeros(SIZE, bool)
    pixels[:4, :3] = True
    ap.update(instances((0.5, 0, pixels)), [TrueInstance(0, False, 12, [[0, 0, 3, 0, 3, 4, 0, 4]])])
    assert ap.per_class() == {0: pytest.approx(100)}
