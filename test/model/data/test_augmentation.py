"""Large-scale jitter: image and segments stay together, and a seed gives the same crop again."""

import numpy as np
import pytest
import torch

from eovseg_model.data.augmentation import LargeScaleJitter
from eovseg_model.data.sample import AnnotatedSegment, PanopticSample

RED, BLUE, MEAN = (200, 0, 0), (0, 0, 200), (124, 116, 104)
BIG = 70_000  # an id of three bytes


def sample(height: int = 40, width: int = 60) -> PanopticSample:
    """Left two thirds red and segment 1, right third blue and segment BIG; segment 9 has no pixels."""
    id_map = np.full((height, width), 1, np.int32)
    id_map[:, 2 * width // 3 :] = BIG
    image = np.where((id_map == 1)[..., None], RED, BLUE).astype(np.uint8)
    segments = [AnnotatedSegment(1, 0, False), AnnotatedSegment(BIG, 1, True), AnnotatedSegment(9, 2, False)]
    return PanopticSample(image, id_map, segments)


@pytest.mark.parametrize("seed", range(12))
def test_colours_follow_their_segments(seed):
    """Pixels away from edges are red where the id is 1, blue where it is BIG, the mean where it is 0."""
    image, id_map, segments = LargeScaleJitter(64)(sample(), seed)
    assert image.shape == (64, 64, 3) and image.dtype == np.uint8
    assert id_map.shape == (64, 64) and id_map.dtype == np.int32
    assert set(np.unique(id_map)) - {0} == {s.id for s in segments} <= {1, BIG}
    inside = np.ones_like(id_map, bool)
    for shift in (-3, -2, -1, 1, 2, 3):
        for axis in (0, 1):
            inside &= np.roll(id_map, shift, axis) == id_map
    for segment_id, colour in ((1, RED), (BIG, BLUE), (0, MEAN)):
        pixels = image[inside & (id_map == segment_id)].astype(int)
        assert (abs(pixels - colour) <= 1).all()


def test_a_seed_gives_the_same_crop_and_leaves_other_random_numbers_alone():
    jitter = LargeScaleJitter(64)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again = jitter(sample(), 1), jitter(sample(), 1)
    assert torch.equal(torch.rand(3), expected)
    assert np.array_equal(first.image, again.image) and np.array_equal(first.id_map, again.id_map)
    others = [jitter(sample(), seed).id_map for seed in range(2, 8)]
    assert not any(np.array_equal(first.id_map, other) for other in others)


def test_scales_flips_and_places_vary():
    """A tenth of 64 is 6 pixels wide; twice 64 fills the crop; the blue part comes left after a flip."""
    crops = [LargeScaleJitter(64)(sample(), seed).id_map for seed in range(60)]
    widths = [int((c != 0).any(0).sum()) for c in crops]
    assert min(widths) < 16 and widths.count(64) > 15
    both = [c for c in crops if {1, BIG} <= set(np.unique(c))]
    flipped = [np.argwhere(c == BIG)[:, 1].mean() < np.argwhere(c == 1)[:, 1].mean() for c in both]
    assert 0.25 < np.mean(flipped) < 0.75


@pytest.mark.parametrize("seed", range(8))
def test_what_is_too_small_is_filled_up_right_and_below(seed):
    """At scale 0.5 the image is 21x32 in a crop of 64x64; a flip brings it to the other side."""
    id_map = LargeScaleJitter(64, scale=(0.5, 0.5))(sample(), seed).id_map
    rows, columns = np.argwhere(id_map != 0).T
    assert (rows.min(), rows.max()) == (0, 20)
    assert (columns.min(), columns.max()) in ((0, 31), (32, 63))


def test_the_crowd_flag_stays():
    crowds = {
        s.is_crowd for seed in range(8) for s in LargeScaleJitter(64)(sample(), seed).segments if s.id == BIG
    }
    assert crowds == {True}


def test_a_cut_can_lose_a_segment():
    """At scale 2 the image is 128 pixels wide, and the crop sees 64 of them."""
    jitter = LargeScaleJitter(64, scale=(2.0, 2.0))
    counts = {len(jitter(sample(), seed).segments) for seed in range(20)}
    assert counts == {1, 2}
