"""Point sampling for mask losses (PointRend; Cheng et al. 2022)."""

import torch
import torch.nn.functional as F
from torch import Tensor


def sample_points(masks: Tensor, points: Tensor) -> Tensor:
    """Sample masks (N, H, W) bilinearly at points (N or 1, P, 2), x and y in [0, 1]: (N, P)."""
    points = points.expand(masks.shape[0], -1, -1)
    grid = 2 * points.unsqueeze(2) - 1  # (N, P, 1, 2)
    return F.grid_sample(masks.unsqueeze(1), grid, align_corners=False)[:, 0, :, 0]


@torch.no_grad()
def uncertain_points(logits: Tensor, num_points: int, oversample: float, importance: float) -> Tensor:
    """Draw points (N, num_points, 2) for mask logits (N, H, W).

    A share of importance are the least certain of oversample * num_points random points, the rest is random.
    """
    N, device = logits.shape[0], logits.device
    candidates = torch.rand(N, int(num_points * oversample), 2, device=device)
    num_uncertain = int(importance * num_points)
    certainty = sample_points(logits, candidates).abs()
    index = certainty.topk(num_uncertain, dim=1, largest=False).indices
    uncertain = torch.gather(candidates, 1, index.unsqueeze(-1).expand(-1, -1, 2))
    random = torch.rand(N, num_points - num_uncertain, 2, device=device)
    return torch.cat([uncertain, random], dim=1)
