"""Panoptic quality: hand-drawn maps with visible arithmetic, an independent implementation on random ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from hotcoco.panoptic import PanopticEval
from PIL import Image

from eovseg_model.data.coco_panoptic import encode_ids
from eovseg_model.evaluation.metrics.panoptic_quality import ClassifiedSegment, PanopticQuality


def draw(*rows: str) -> np.ndarray:
    """An id map from digits; . is void."""
    return np.array([[0 if c == "." else int(c) for c in row] for row in rows])


def quality(predicted, predicted_segments, true, true_segments) -> PanopticQuality:
    metric = PanopticQuality(2)
    metric.update(
        draw(*predicted),
        [ClassifiedSegment(*s) for s in predicted_segments],
        draw(*true),
        [ClassifiedSegment(*s) for s in true_segments],
    )
    return metric


def test_a_match_and_a_miss():
    """Segment 1: 4 of 6 pixels, IoU 4/6. Segment 2 has another class: one false positive, one miss."""
    metric = quality(["1111", "...2"], [(1, 0), (2, 1)], ["1111", "1122"], [(1, 0), (2, 0)])
    assert metric.of_class(0) == pytest.approx((100 * (4 / 6) / 1.5, 100 * 4 / 6, 100 / 1.5, 2))
    assert metric.of_class(1) == pytest.approx((0, 0, 0, 0))
    assert metric.mean() == pytest.approx((100 * (4 / 6) / 1.5 / 2, 100 * 4 / 6 / 2, 100 / 1.5 / 2, 2))


def test_void_pixels_do_not_count_against_a_segment():
    """Two of the prediction's four pixels are unlabelled: IoU is 2 / (4 + 2 - 2 - 2)."""
    metric = quality(["1111"], [(1, 0)], ["11.."], [(1, 0)])
    assert metric.of_class(0) == pytest.approx((100, 100, 100, 1))


def test_a_prediction_mostly_on_void_is_no_false_positive():
    metric = quality(["1112"], [(1, 0), (2, 0)], ["...3"], [(3, 1)])
    assert metric.false_positives.tolist() == [1, 0]


def test_crowds_are_neither_missed_nor_punished():
    metric = quality(["1111"], [(1, 0)], ["2222"], [(2, 0, True)])
    assert metric.of_class(0) is None


def test_a_listed_segment_without_pixels_does_not_count():
    metric = quality(["11"], [(1, 0), (6, 1)], ["22"], [(2, 0), (5, 1)])
    assert metric.of_class(0) == pytest.approx((100, 100, 100, 1)) and metric.of_class(1) is None


def test_ids_without_a_segment_are_void():
    """1 of 3 predicted pixels is void in the truth; then 3 of 4 true pixels are void in the prediction."""
    metric = quality(["1118"], [(1, 0)], ["1177"], [(1, 0)])
    assert metric.of_class(0) == pytest.approx((100, 100, 100, 1))
    metric = quality(["1888"], [(1, 0)], ["1111"], [(1, 0)])
    assert (metric.false_negatives[0], metric.false_positives[0]) == (1, 1)


def test_half_is_no_match():
    metric = quality(["11"], [(1, 0)], ["12"], [(1, 0), (2, 1)])
    assert metric.true_positives.sum() == 0
    assert metric.false_positives.tolist() == [1, 0] and metric.false_negatives.tolist() == [1, 1]


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="shape"):
        PanopticQuality(1).update(np.zeros((2, 2), int), [], np.zeros((2, 3), int), [])


def test_of_several_crowds_the_last_counts():
    """As in panopticapi: of the prediction's 4 pixels 1 lies on the last crowd, so it is a false positive."""
    metric = quality(["1111"], [(1, 0)], ["2223"], [(2, 0, True), (3, 0, True)])
    assert metric.false_positives.tolist() == [1, 0]
    metric = quality(["1111"], [(1, 0)], ["2223"], [(3, 0, True), (2, 0, True)])
    assert metric.false_positives.tolist() == [0, 0]


def test_one_pixel():
    metric = quality(["1.", ".."], [(1, 1)], ["4.", ".."], [(4, 1)])
    assert metric.of_class(1) == pytest.approx((100, 100, 100, 1))


def test_images_without_segments():
    """An empty prediction misses what is true; where nothing is true either, nothing is counted."""
    metric = quality(["..", ".."], [], ["11", ".."], [(1, 0)])
    assert metric.false_negatives.tolist() == [1, 0] and metric.false_positives.sum() == 0
    assert quality([".."], [], [".."], []).of_class(0) is None
    mean = quality([".."], [], [".."], []).mean()
    assert np.isnan([mean.pq, mean.sq, mean.rq]).all() and mean.num_true == 0


def random_map(rng: np.random.Generator) -> np.ndarray:
    """Up to 6 overlapping boxes on void (16, 20), one-pixel ones among them."""
    id_map = np.zeros((16, 20), np.int64)
    for segment_id in range(1, rng.integers(1, 8)):
        y, x, h, w = rng.integers(0, 14), rng.integers(0, 18), *rng.integers(1, 12, 2)
        id_map[y : y + h, x : x + w] = segment_id * 90  # past a byte
    return id_map


def random_image(rng: np.random.Generator) -> tuple:
    """A truth with crowds; a prediction, mostly the truth moved by a pixel; some classes wrong."""
    true = random_map(rng)
    classes = {int(i): int(rng.integers(4)) for i in np.unique(true) if i}
    segments = [ClassifiedSegment(i, c, bool(rng.random() < 0.2)) for i, c in classes.items()]
    shifted = np.roll(true, rng.integers(-1, 2, 2), (0, 1))
    predicted = shifted if rng.random() < 0.7 else random_map(rng)
    found = [
        ClassifiedSegment(int(i), classes.get(int(i), 0) if rng.random() < 0.8 else int(rng.integers(4)))
        for i in np.unique(predicted)
        if i
    ]
    return predicted, found, true, segments


def write(folder: Path, index: int, id_map: np.ndarray, segments: list[ClassifiedSegment]) -> dict:
    """COCO's PNG and annotation."""
    folder.mkdir(exist_ok=True)
    Image.fromarray(encode_ids(id_map)).save(folder / f"{index}.png")
    areas = {s.id: int((id_map == s.id).sum()) for s in segments}
    infos = [
        {"id": s.id, "category_id": s.class_id, "iscrowd": int(s.is_crowd), "area": areas[s.id]}
        for s in segments
    ]
    return {"image_id": index, "file_name": f"{index}.png", "segments_info": infos}


@pytest.mark.parametrize("seed", range(5))
def test_the_referee_agrees(seed, tmp_path):
    """hotcoco's panoptic quality on 40 images: sums of IoU, counts, and the means of things and stuff."""
    rng = np.random.default_rng(seed)
    metric = PanopticQuality(4)
    true_annotations, predicted_annotations = [], []
    for index in range(40):
        predicted, found, true, segments = random_image(rng)
        metric.update(predicted, found, true, segments)
        true_annotations.append(write(tmp_path / "true", index, true, segments))
        predicted_annotations.append(write(tmp_path / "predicted", index, predicted, found))
    images = [{"id": i, "file_name": f"{i}.jpg", "height": 16, "width": 20} for i in range(40)]
    categories = [{"id": i, "name": str(i), "isthing": int(i < 2)} for i in range(4)]
    for name, annotations in (("true", true_annotations), ("predicted", predicted_annotations)):
        content = {"images": images, "annotations": annotations, "categories": categories}
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    referee = PanopticEval(
        tmp_path / "true.json",
        tmp_path / "predicted.json",
        gt_folder=tmp_path / "true",
        pred_folder=tmp_path / "predicted",
    )
    referee.evaluate()
    results = referee.results()
    for i in range(4):
        expected = results["per_class"][i]
        counts = (metric.true_positives[i], metric.false_positives[i], metric.false_negatives[i])
        assert counts == (expected["tp"], expected["fp"], expected["fn"])
        assert metric.iou_sum[i] == pytest.approx(expected["iou"], abs=1e-9)
    assert metric.true_positives.min() > 0 and metric.false_positives.min() > 0
    for group, class_ids in (("All", range(4)), ("Things", range(2)), ("Stuff", range(2, 4))):
        mean = metric.mean(class_ids)
        for name in ("pq", "sq", "rq"):
            assert getattr(mean, name) == pytest.approx(100 * results[group][name], abs=1e-9)
