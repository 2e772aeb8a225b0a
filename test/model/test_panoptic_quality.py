"""Panoptic quality on hand-drawn maps with visible arithmetic."""

import numpy as np
import pytest

from eovseg_model.evaluation.panoptic_quality import LabelledSegment, PanopticQuality


def draw(*rows: str) -> np.ndarray:
    """An id map from digits; . is void."""
    return np.array([[0 if c == "." else int(c) for c in row] for row in rows])


def quality(predicted, predicted_segments, true, true_segments) -> PanopticQuality:
    metric = PanopticQuality(2)
    metric.update(
        draw(*predicted), [LabelledSegment(*s) for s in predicted_segments],
        draw(*true), [LabelledSegment(*s) for s in true_segments],
    )
    return metric


def test_a_match_and_a_miss():
    """Segment 1: 4 of 6 pixels, IoU 4/6. Segment 2 has another class: one false positive, one miss."""
    metric = quality(["1111", "...2"], [(1, 0), (2, 1)], ["1111", "1122"], [(1, 0), (2, 0)])
    assert metric.of_class(0) == pytest.approx((100 * (4 / 6) / 1.5, 100 * 4 / 6, 100 / 1.5, 2))
    assert metric.of_class(1) == pytest.approx((0, 0, 0, 0))
    assert metric.mean().pq == pytest.approx(100 * (4 / 6) / 1.5 / 2)


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


def test_half_is_no_match():
    metric = quality(["11"], [(1, 0)], ["12"], [(1, 0), (2, 1)])
    assert metric.true_positives.sum() == 0
    assert metric.false_positives.tolist() == [1, 0] and metric.false_negatives.tolist() == [1, 1]


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="shape"):
        PanopticQuality(1).update(np.zeros((2, 2), int), [], np.zeros((2, 3), int), [])
