import numpy as np
import pytest

from eovseg_model.inference.regions import Region, measure_regions


def test_hand_drawn_regions():
    labels = np.array(
        [
            [0, 3, 3, 0, 7],
            [0, 3, 0, 0, 7],
            [0, 0, 0, 3, 0],
        ]
    )
    assert measure_regions(labels) == {
        # columns 1, 2, 1, 3 and rows 0, 0, 1, 2
        3: Region(area=4, x=1, y=0, width=3, height=3, centroid_x=7 / 4, centroid_y=3 / 4),
        7: Region(area=2, x=4, y=0, width=1, height=2, centroid_x=4.0, centroid_y=0.5),
    }


def test_a_run_does_not_continue_in_the_next_row():
    labels = np.array([[0, 5], [5, 0]])
    assert measure_regions(labels)[5] == Region(2, 0, 0, 2, 2, 0.5, 0.5)


@pytest.mark.parametrize("labels", [np.zeros((4, 5), int), np.zeros((0, 5), int)])
def test_an_image_without_segments_has_no_regions(labels):
    assert measure_regions(labels) == {}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_random_labels_agree_with_masks(dtype):
    labels = np.random.default_rng(0).integers(0, 6, (37, 23)).astype(dtype)
    regions = measure_regions(labels)
    assert sorted(regions) == [1, 2, 3, 4, 5]
    for number, region in regions.items():
        y, x = np.nonzero(labels == number)
        assert region[:5] == (len(x), x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1)
        assert region[5:] == pytest.approx((x.mean(), y.mean()))
