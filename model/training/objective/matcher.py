"""Bipartite matching of queries and ground-truth segments, with the losses as costs."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from .points import sample_points


class Target(NamedTuple):
    """Ground-truth segments of one image: class indices (K,) and masks (K, H, W) in {0, 1} as floats."""

    classes: Tensor
    masks: Tensor


class LossWeights(NamedTuple):
    """Weights of the three losses, which are also the matching costs."""

    classification: float = 2.0
    mask: float = 5.0
    dice: float = 5.0


@torch.no_grad()
def match(
    class_logits: Tensor, mask_logits: Tensor, target: Target, weights: LossWeights, num_points: int
) -> tuple[Tensor, Tensor]:
    """Return the indices (query, target) of the assignment with minimum cost, each (min(N, K),).

    class_logits (N, C + 1), mask_logits (N, H, W); masks are compared at num_points random points.
    """
    points = torch.rand(1, num_points, 2, device=mask_logits.device)
    logits = sample_points(mask_logits.float(), points)  # (N, P)
    truth = sample_points(target.masks, points)  # (K, P)
    cost_class = -class_logits.float().softmax(-1)[:, target.classes]
    positive, negative = F.softplus(-logits), F.softplus(logits)  # BCE against 1 and against 0
    cost_mask = (positive @ truth.T + negative @ (1 - truth).T) / num_points
    probability = logits.sigmoid()
    overlap = 2 * probability @ truth.T
    cost_dice = 1 - (overlap + 1) / (probability.sum(1)[:, None] + truth.sum(1)[None] + 1)
    cost = weights.classification * cost_class + weights.mask * cost_mask + weights.dice * cost_dice
    query, index = linear_sum_assignment(cost.cpu().numpy())
    device = mask_logits.device
    return torch.as_tensor(query, device=device), torch.as_tensor(index, device=device)
