"""Mean IoU: small grids with visible arithmetic, and an independent implementation on random maps."""

import numpy as np
import pytest
from hotcoco.semantic import SemanticEval

from eovseg_model.data.semantic import VOID_CLASS
from eovseg_model.evaluation.metrics.mean_iou import MeanIoU


def draw(*rows: str) -> np.ndarray:
    """Class indices from digits; . is void."""
    return np.array([[VOID_CLASS if c == "." else int(c) for c in row] for row in rows], np.int32)


def test_intersections_over_unions():
    """Class 0: 1 of 2 pixels. Class 1: 1 of 2; the void pixel that is called 1 does not count."""
    iou = MeanIoU(3)
    iou.update(draw("0111"), draw("001."))
    assert [iou.of_class(i) for i in range(3)] == [50, 50, None]
    assert iou.mean(range(3)) == 50


def test_a_class_that_the_truth_never_has_is_left_out_of_the_mean():
    """Class 2 is only predicted: it takes one pixel of class 0 (IoU 1/2), and is itself no zero."""
    iou = MeanIoU(3)
    iou.update(draw("02"), draw("00"))
    assert iou.of_class(2) is None and iou.mean(range(3)) == 50


def test_images_add_up():
    """Class 0 over both images: 1 + 3 pixels right, 4 + 4 true, 1 + 3 predicted: 4 / 8."""
    iou = MeanIoU(2)
    iou.update(draw("0111"), draw("0000"))
    iou.update(draw("0001"), draw("0000"))
    assert iou.of_class(0) == 50


def test_nothing_but_void():
    iou = MeanIoU(2)
    iou.update(draw("01"), draw(".."))
    assert iou.mean(range(2)) is None


@pytest.mark.parametrize("shape", [(2, 2), (2, 4), (3, 3), (3, 2)])
def test_shapes_must_agree(shape):
    with pytest.raises(ValueError, match="shape"):
        MeanIoU(1).update(np.zeros(shape, int), np.zeros((2, 3), int))


@pytest.mark.parametrize("seed", range(5))
def test_the_referee_agrees(seed):
    """hotcoco's semantic evaluation: every class's IoU, and the mean where the truth has every class."""
    rng = np.random.default_rng(seed)
    iou, referee = MeanIoU(5), SemanticEval(5, ignore_index=255)
    for _ in range(20):
        true = rng.integers(VOID_CLASS, 5, (9, 11), dtype=np.int32)
        predicted = np.where(rng.random(true.shape) < 0.6, true.clip(0), rng.integers(0, 5, true.shape))
        iou.update(predicted, true)
        referee.update(np.where(true == VOID_CLASS, 255, true).astype(np.uint8), predicted.astype(np.uint8))
    results = referee.results()
    for class_id, expected in enumerate(results["per_class"]):
        assert iou.of_class(class_id) == pytest.approx(100 * expected["IoU"], abs=1e-9)
    assert iou.mean(range(5)) == pytest.approx(100 * results["mIoU"], abs=1e-9)
