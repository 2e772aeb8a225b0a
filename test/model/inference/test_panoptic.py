"""Panoptic, semantic and instance fusion on grids small enough to check by eye."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from eovseg_model.inference.mask_sizes import MaskSizes, rows_per_band, upsample_masks
from eovseg_model.inference.panoptic import fuse_instances, fuse_panoptic, fuse_semantic
from eovseg_model.inference.pixel_assignment import assign_pixels

HIGH, LOW = 10.0, -10.0


def logits(*rows: str) -> torch.Tensor:
    """A mask from a drawing: # inside, . outside."""
    return torch.tensor([[HIGH if c == "#" else LOW for c in row] for row in rows])


def scores(*rows: tuple[float, ...]) -> torch.Tensor:
    """Class probabilities, void last, as log probabilities."""
    return torch.tensor(rows).log()


def test_higher_score_wins_the_overlap():
    masks = torch.stack([logits("###.", "###."), logits(".###", ".###")])
    classes = scores((0.9, 0.05, 0.05), (0.1, 0.6, 0.3))
    fused = fuse_panoptic(classes, masks, [True, True], overlap_threshold=0.3)
    assert fused.map.tolist() == [[1, 1, 1, 2], [1, 1, 1, 2]]
    assert [(s.id, s.class_id, s.area) for s in fused.segments] == [(1, 0, 6), (2, 1, 2)]
    assert [round(s.score, 4) for s in fused.segments] == [0.9, 0.6]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("sizes", [None, MaskSizes((8, 16), (8, 16), (5, 9))])
def test_inputs_of_any_type_stay_as_they_are(dtype, sizes):
    masks = torch.stack([logits("###.", "###."), logits(".###", ".###")]).to(dtype)
    classes = scores((0.9, 0.05, 0.05), (0.1, 0.6, 0.3)).to(dtype)
    before = masks.clone(), classes.clone()
    fused = fuse_panoptic(classes, masks, [True, True], 0.0, 0.0, sizes)
    assert len(fused.segments) == 2
    assert torch.equal(masks, before[0]) and torch.equal(classes, before[1])


def test_of_two_queries_that_are_alike_the_first_wins():
    masks = torch.stack([logits("##"), logits("##")])
    fused = fuse_panoptic(
        scores((0.5, 0.3, 0.2), (0.3, 0.5, 0.2)), masks, [True, True], overlap_threshold=0.0
    )
    assert fused.map.tolist() == [[1, 1]]
    assert [s.class_id for s in fused.segments] == [0]


def test_a_mostly_covered_segment_is_dropped():
    """Query 1 keeps 2 of its 6 pixels: 0.33 is under 0.8, so its pixels become void."""
    masks = torch.stack([logits("###.", "###."), logits(".###", ".###")])
    classes = scores((0.9, 0.05, 0.05), (0.1, 0.6, 0.3))
    fused = fuse_panoptic(classes, masks, [True, True], overlap_threshold=0.8)
    assert fused.map.tolist() == [[1, 1, 1, 0], [1, 1, 1, 0]]
    assert len(fused.segments) == 1


def test_arrays_are_taken_like_tensors():
    masks = np.float32([[[9, 9, -9]], [[-9, -9, 9]]])
    classes = np.log(np.float64([[0.7, 0.1, 0.2], [0.3, 0.5, 0.2]]))
    fused = fuse_panoptic(classes, masks, np.array([True, False]))
    assert fused.map.tolist() == [[1, 1, 2]] and fused.map.dtype == torch.int32
    assert [(s.id, s.class_id, s.is_thing, s.area) for s in fused.segments] == [
        (1, 0, True, 2),
        (2, 1, False, 1),
    ]


def test_void_and_weak_queries_are_dropped():
    masks = torch.stack([logits("##"), logits("##"), logits("##")])
    classes = scores((0.2, 0.1, 0.7), (0.45, 0.35, 0.2), (0.1, 0.5, 0.4))
    fused = fuse_panoptic(classes, masks, [True, True], object_threshold=0.48)
    assert fused.map.tolist() == [[1, 1]]
    assert [(s.class_id, round(s.score, 2)) for s in fused.segments] == [(1, 0.5)]


@pytest.mark.parametrize("threshold", [0.5, 0.6])
def test_the_pixels_of_a_query_whose_score_is_not_above_the_threshold_are_void(threshold):
    """Two classes of equal logits have a score of exactly a half."""
    masks = torch.stack([logits("#."), logits(".#")])
    classes = torch.tensor([[9.0, 0.0, 0.0], [0.0, 0.0, -100.0]])
    fused = fuse_panoptic(classes, masks, [True, True], object_threshold=threshold)
    assert fused.map.tolist() == [[1, 0]] and len(fused.segments) == 1
    assert fuse_panoptic(classes, masks, [True, True], object_threshold=0.49).map.tolist() == [[1, 2]]


@pytest.mark.parametrize(("threshold", "kept"), [(0.5, True), (0.51, False)])
def test_a_segment_needs_at_least_the_share_of_its_mask(threshold, kept):
    """Query 1 wins 2 of the 4 pixels of its mask."""
    masks = torch.stack([logits("##...."), logits("####..")])
    classes = scores((0.9, 0.05, 0.05), (0.1, 0.6, 0.3))
    fused = fuse_panoptic(classes, masks, [True, True], overlap_threshold=threshold)
    assert fused.map.tolist() == [[1, 1, 2, 2, 0, 0] if kept else [1, 1, 0, 0, 0, 0]]


def test_the_pixels_of_stuff_add_up_whatever_comes_between():
    """Queries: floor, mug, floor, mug, floor, with a class of things between those of stuff."""
    masks = torch.stack([logits(row) for row in ("#......", ".##....", "...#...", "....#..", ".....##")])
    floor, mug = (0.8, 0.1, 0.1), (0.1, 0.7, 0.2)
    fused = fuse_panoptic(scores(floor, mug, floor, mug, floor), masks, [False, True])
    assert fused.map.tolist() == [[1, 2, 2, 1, 3, 1, 1]]
    assert [(s.id, s.class_id, s.is_thing, s.area) for s in fused.segments] == [
        (1, 0, False, 4),
        (2, 1, True, 2),
        (3, 1, True, 1),
    ]
    assert [round(s.score, 4) for s in fused.segments] == [0.8, 0.7, 0.7]


def test_stuff_of_two_classes_is_two_segments():
    masks = torch.stack([logits(row) for row in ("#...", ".#..", "..#.", "...#")])
    fused = fuse_panoptic(
        scores((0.8, 0.1, 0.1), (0.1, 0.7, 0.2), (0.1, 0.7, 0.2), (0.8, 0.1, 0.1)), masks, [False, False]
    )
    assert fused.map.tolist() == [[1, 2, 2, 1]]
    assert [(s.id, s.class_id, s.area) for s in fused.segments] == [(1, 0, 2), (2, 1, 2)]


def test_a_stuff_query_that_is_dropped_neither_joins_nor_leads_its_class():
    """Query 0 is covered, query 2 is weak: the floor is query 1 alone."""
    masks = torch.stack([logits("##.."), logits("##.."), logits("..#.")])
    classes = scores((0.5, 0.3, 0.2), (0.8, 0.1, 0.1), (0.4, 0.3, 0.3))
    fused = fuse_panoptic(classes, masks, [False, True], object_threshold=0.45)
    assert fused.map.tolist() == [[1, 1, 0, 0]]
    assert [(s.id, s.class_id, s.area, round(s.score, 4)) for s in fused.segments] == [(1, 0, 2, 0.8)]


def test_stuff_of_one_class_is_one_segment_things_are_not():
    masks = torch.stack([logits("#...."), logits("...##"), logits("..#..")])
    classes = scores((0.8, 0.1, 0.1), (0.7, 0.2, 0.1), (0.1, 0.8, 0.1))
    stuff = fuse_panoptic(classes, masks, [False, True])
    assert stuff.map.tolist() == [[1, 0, 2, 1, 1]]
    assert [(s.id, s.is_thing, s.area) for s in stuff.segments] == [(1, False, 3), (2, True, 1)]
    things = fuse_panoptic(classes, masks, [True, True])
    assert things.map.tolist() == [[1, 0, 3, 2, 2]]


def test_nothing_found():
    fused = fuse_panoptic(scores((0.1, 0.9), (0.2, 0.8)), torch.zeros(2, 3, 4), [True])
    assert fused.map.shape == (3, 4) and fused.map.dtype == torch.int32
    assert not fused.map.any() and fused.segments == []
    none = assign_pixels(scores((0.1, 0.9)), torch.zeros(1, 3, 4), [True], 0.0, 0.8, None)
    one = assign_pixels(scores((0.9, 0.1)), torch.ones(1, 3, 4), [True], 0.0, 0.8, None)
    assert none.queries.shape == (0, one.queries.shape[1]) and none.queries.dtype == one.queries.dtype


def test_semantic_is_never_void():
    masks = torch.stack([logits("##.."), logits("..##")])
    classes = scores((0.3, 0.1, 0.6), (0.1, 0.2, 0.7))
    assert fuse_semantic(classes, masks).tolist() == [[0, 0, 1, 1]]


def test_instances_are_things_with_mask_quality():
    """Score: class probability x mean mask probability where the logit is positive."""
    masks = torch.stack([logits("#."), logits(".#")])
    masks[0, 0, 0] = 0.8472978603872034  # sigmoid: 0.7
    found = fuse_instances(scores((0.6, 0.3, 0.1), (0.2, 0.7, 0.1)), masks, [True, False])
    torch.testing.assert_close(found.scores, torch.tensor([0.6 * 0.7, 0.2 * 1.0]), rtol=1e-4, atol=1e-4)
    assert found.class_ids.tolist() == [0, 0]
    assert found.masks.tolist() == [[[True, False]], [[False, True]]]


def test_instances_are_ordered_by_score_and_a_query_may_be_several():
    """One query of two things: 0.6 and 0.3, both with its mask; 0.5 of another is between."""
    masks = torch.stack([logits("#."), logits(".#")])
    found = fuse_instances(scores((0.6, 0.3, 0.1), (0.05, 0.5, 0.45)), masks, [True, True])
    torch.testing.assert_close(found.scores, torch.tensor([0.6, 0.5, 0.3, 0.05]), rtol=1e-3, atol=1e-3)
    assert found.class_ids.tolist() == [0, 1, 1, 0]
    assert found.masks[:, 0, 0].tolist() == [True, False, True, False]


def test_there_are_at_most_a_hundred_instances():
    found = fuse_instances(torch.zeros(60, 3), torch.ones(60, 1, 1), [True, True])
    assert len(found.scores) == 100
    empty = fuse_instances(torch.zeros(1, 2), -torch.ones(1, 2, 2), [True])
    assert empty.scores.tolist() == [0.0]  # a mask without pixels


def test_masks_are_cut_before_they_are_resized():
    """Padding to 4x8 of a 4x4 image must not leak: the right half of the padded masks is cut away."""
    masks = torch.full((1, 1, 2), LOW)
    masks[0, 0, 0] = HIGH
    out = upsample_masks(masks, MaskSizes((4, 8), (4, 2), (8, 4)))
    assert out.shape == (1, 8, 4) and (out > 9.9).all()


@pytest.mark.parametrize(
    ("image", "output"), [((60, 90), (45, 131)), ((64, 96), (64, 96)), ((33, 65), (200, 40))]
)
def test_bands_equal_two_resizes(image, output):
    """Both resizes as one matrix an axis, and fusion band after band, beside the whole masks."""
    torch.manual_seed(0)
    masks, classes = 4 * torch.randn(7, 16, 24), torch.randn(7, 4)
    whole = F.interpolate(masks[None], size=(64, 96), mode="bilinear")[..., : image[0], : image[1]]
    if image != output:
        whole = F.interpolate(whole, size=output, mode="bilinear")
    sizes = MaskSizes((64, 96), image, output)
    torch.testing.assert_close(upsample_masks(masks, sizes), whole[0], rtol=1e-5, atol=1e-5)
    expected = fuse_panoptic(classes, whole[0], [True] * 3, overlap_threshold=0.1)
    found = fuse_panoptic(classes, masks, [True] * 3, overlap_threshold=0.1, sizes=sizes)
    assert int((found.map != expected.map).sum()) <= 5
    assert [s[:4] for s in found.segments] == [s[:4] for s in expected.segments] != []


@pytest.mark.parametrize(
    ("masks", "width", "rows"),
    [
        (100, 640, 8),  # 2^19 / 64,000 = 8.2
        (100, 656, 4),  # 7.99: the power of two below it
        (20, 320, 64),  # 81.9
        (1, 1, 256),  # never more
        (0, 640, 256),
        (1000, 4096, 4),  # never fewer
    ],
)
def test_bands_hold_half_a_million_numbers(masks, width, rows):
    assert rows_per_band(masks, width) == rows


@pytest.mark.parametrize(("masks", "rows"), [(1000, 8), (500, 16), (100, 64), (2000, 4), (1, 256)])
def test_bands_of_a_gpu_hold_thirty_million(masks, rows):
    """Of a width of 4096: 2^25 / 4,096,000 = 8.2."""
    assert rows_per_band(masks, 4096, "cuda") == rows


def test_bands_are_put_together_below_each_other():
    """600 rows are three bands of at most 256; each of three rows becomes 200."""
    rows = torch.tensor([[[1.0], [1.0], [1.0]], [[2.0], [3.0], [4.0]]])
    found = upsample_masks(rows, MaskSizes((3, 1), (3, 1), (600, 1)))
    assert found.shape == (2, 600, 1)
    assert found[0].unique().tolist() == [1.0]
    assert found[1, [0, 99, 299, 300, 500, 599], 0].tolist() == pytest.approx([2, 2, 3, 3, 4, 4], abs=0.01)


def test_instances_carry_no_gradient():
    classes, masks = torch.zeros(2, 3, requires_grad=True), torch.ones(2, 2, 2, requires_grad=True)
    assert not fuse_instances(classes, masks, [True, True]).scores.requires_grad
