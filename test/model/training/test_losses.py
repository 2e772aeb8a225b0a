"""Matching and losses with arithmetic done by hand."""

import math

import pytest
import torch

from eovseg_model.network.decoding.decoder import StageOutput
from eovseg_model.network.text.classification import TextEmbeddings, class_logits
from eovseg_model.training.objective import matcher
from eovseg_model.training.objective.losses import PanopticLoss, dice_loss
from eovseg_model.training.objective.matcher import LossWeights, Target, match
from eovseg_model.training.objective.points import sample_points, uncertain_points


def test_points_are_bilinear_between_pixel_centres():
    """Pixel centres of a 1x2 mask lie at x = 0.25 and 0.75."""
    masks = torch.tensor([[[1.0, 3.0]]])
    points = torch.tensor([[[0.25, 0.5], [0.5, 0.5], [0.75, 0.5]]])
    assert sample_points(masks, points).tolist() == [[1.0, 2.0, 3.0]]


def test_uncertain_points_lie_where_the_logit_is_near_zero():
    torch.manual_seed(0)
    logits = torch.full((1, 32, 32), 8.0)
    logits[:, :, :16] = -8.0  # the edge is at x = 0.5
    points = uncertain_points(logits, num_points=10, oversample=200, importance=1.0)
    assert points.shape == (1, 10, 2) and ((points[..., 0] - 0.5).abs() < 1 / 32).all()


def test_dice():
    """p = (0.5, 0.5), mask (1, 0): 1 - (2 * 0.5 + 1) / (1 + 1 + 1) = 1/3."""
    assert dice_loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])).item() == pytest.approx(1 / 3)


def stage_output(class_logits: torch.Tensor, mask_logits: torch.Tensor) -> StageOutput:
    """The losses read nothing else of a stage."""
    return StageOutput(class_logits, mask_logits, torch.empty(0), torch.empty(0))


def two_squares(size: int = 8) -> torch.Tensor:
    masks = torch.zeros(2, size, size)
    masks[0, :, : size // 2], masks[1, :, size // 2 :] = 1, 1
    return masks


def test_matching_by_mask_and_by_class():
    masks = two_squares()
    logits = 20 * masks[[1, 0, 0]] - 10  # query 0 draws target 1; queries 1 and 2 both draw target 0
    classes = torch.tensor([[0.0, 9.0, 0.0], [0.0, 9.0, 0.0], [9.0, 0.0, 0.0]])
    query, target = match(classes, logits, Target(torch.tensor([0, 1]), masks), LossWeights(), 200)
    assert dict(zip(query.tolist(), target.tolist(), strict=True)) == {0: 1, 2: 0}


# One query: class probabilities 0.7 and 0.2 (void 0.1), mask probability 0.75 everywhere. Target 0 is class 0
# everywhere, target 1 is class 1 nowhere; masks are compared at 4 points.
CLASS_COSTS = (-0.7, -0.2)
MASK_COSTS = (-math.log(0.75), -math.log(0.25))  # cross-entropy against 1, against 0
DICE_COSTS = (1 - (2 * 3 + 1) / (3 + 4 + 1), 1 - (0 + 1) / (3 + 0 + 1))


@pytest.mark.parametrize(
    ("weights", "costs"),
    [
        (LossWeights(1, 0, 0), CLASS_COSTS),
        (LossWeights(0, 1, 0), MASK_COSTS),
        (LossWeights(0, 0, 1), DICE_COSTS),
        (
            LossWeights(),
            [2 * c + 5 * m + 5 * d for c, m, d in zip(CLASS_COSTS, MASK_COSTS, DICE_COSTS, strict=True)],
        ),
    ],
    ids=["classification", "mask", "dice", "all, as published"],
)
def test_each_cost_of_the_matching(weights, costs, monkeypatch):
    matrices = []
    assign = matcher.linear_sum_assignment
    monkeypatch.setattr(
        matcher, "linear_sum_assignment", lambda cost: (matrices.append(cost), assign(cost))[1]
    )
    # Outside of an image masks are 0, which points in its outermost half pixels see.
    monkeypatch.setattr(torch, "rand", lambda *shape, device: torch.full(shape, 0.5, device=device))
    classes = torch.tensor([[0.7, 0.2, 0.1]]).log()
    masks = torch.stack([torch.ones(8, 8), torch.zeros(8, 8)])
    logits = torch.full((1, 8, 8), math.log(3))
    match(classes, logits, Target(torch.tensor([0, 1]), masks), weights, num_points=4)
    assert matrices[0].tolist() == [pytest.approx(list(costs), abs=1e-6)]


def test_losses_of_a_perfect_and_of_an_ignorant_stage():
    """Uniform logits over 3 classes: cross-entropy log 3, BCE log 2; their weights are 2 and 5."""
    torch.manual_seed(0)
    target = Target(torch.tensor([0, 1]), two_squares())
    loss = PanopticLoss(num_points=100)
    ignorant = stage_output(torch.zeros(1, 2, 3), torch.zeros(1, 2, 8, 8))
    values = loss([ignorant], [target], num_masks=2)
    assert values["classification"].item() == pytest.approx(2 * math.log(3))
    assert values["mask"].item() == pytest.approx(5 * math.log(2))
    twice = loss([ignorant, ignorant], [target], num_masks=2)
    assert twice["classification"].item() == pytest.approx(4 * math.log(3))
    fine = two_squares(64)  # few points between pixels of unlike value
    perfect = stage_output(100 * torch.eye(3)[None, :2], 20 * fine[None] - 10)
    better = PanopticLoss(num_points=100, importance=0.0)(
        [perfect], [target._replace(masks=fine)], num_masks=2
    )
    assert better["classification"].item() == pytest.approx(0)
    assert better["mask"] < 0.1 * values["mask"] and better["dice"] < 0.1 * values["dice"]


def test_no_object_weighs_a_tenth():
    """One query right with certainty, one wrongly void's rival: weights 1 and 0.1 in a weighted mean."""
    logits = torch.tensor([[[50.0, 0.0], [50.0, 0.0]]])  # both say class 0, void last
    masks = two_squares()[:1]
    target = Target(torch.tensor([0]), masks)
    stage = stage_output(logits, torch.stack([20 * masks[0] - 10, 10 - 20 * masks[0]])[None])
    value = PanopticLoss(num_points=50)([stage], [target], num_masks=1)["classification"].item()
    assert value == pytest.approx(2 * (0.1 * 50) / 1.1, rel=1e-3)


def test_an_image_without_segments_gives_gradients_of_zero_for_masks():
    masks = torch.zeros(1, 2, 8, 8, requires_grad=True)
    empty = Target(torch.zeros(0, dtype=torch.long), torch.zeros(0, 8, 8))
    values = PanopticLoss(num_points=10)([stage_output(torch.zeros(1, 2, 3), masks)], [empty], num_masks=1)
    sum(values.values()).backward()
    assert values["mask"].item() == 0 and not masks.grad.any()


def test_an_image_without_segments_is_passed_over():
    """The second of two images has the loss that it has alone; the first has only void classes."""
    torch.manual_seed(0)
    target = Target(torch.tensor([1]), two_squares()[:1])
    empty = Target(torch.zeros(0, dtype=torch.long), torch.zeros(0, 8, 8))
    masks = torch.zeros(1, 2, 8, 8)  # the same loss at all points
    alone = PanopticLoss(num_points=10)([stage_output(torch.zeros(1, 2, 3), masks)], [target], num_masks=1)
    stage = stage_output(torch.zeros(2, 2, 3), masks.expand(2, -1, -1, -1))
    both = PanopticLoss(num_points=10)([stage], [empty, target], num_masks=1)
    assert both["mask"].item() == pytest.approx(alone["mask"].item()) == pytest.approx(5 * math.log(2))


def test_mixed_precision_does_not_round_logits_and_losses(monkeypatch):
    """100 x cosines: bfloat16 would know 77.125 as 77 only."""
    torch.manual_seed(0)
    costs = []
    assign = matcher.linear_sum_assignment
    monkeypatch.setattr(matcher, "linear_sum_assignment", lambda cost: (costs.append(cost), assign(cost))[1])
    embeddings = torch.nn.functional.normalize(torch.randn(5, 8), dim=-1)
    text, scale = TextEmbeddings(embeddings, torch.arange(5)[:, None]), torch.tensor(100.0).log()
    embedding, masks = torch.randn(1, 3, 8), torch.randn(1, 3, 8, 8)
    target = [Target(torch.tensor([1]), (masks[:, 0] > 0).float())]

    def results():
        torch.manual_seed(1)
        logits = class_logits(embedding, text, scale)
        losses = PanopticLoss(num_points=64)([stage_output(logits, masks)], target, 1.0)
        return [logits, torch.from_numpy(costs.pop()), *losses.values()]

    exact = results()
    torch.manual_seed(1)
    match(exact[0][0], masks[0], target[0], LossWeights(), 64)  # by itself
    assert (costs.pop() == exact[1].numpy()).all()
    with torch.autocast("cpu", torch.bfloat16):
        mixed = results()
    for a, b in zip(exact, mixed, strict=True):
        assert torch.equal(a, b)
