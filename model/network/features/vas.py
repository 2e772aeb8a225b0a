"""Vocabulary-Aware Selection (paper, equations 3 and 4)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import rows_at_once
from ..text.classification import TextEmbeddings

NUMBERS_AT_ONCE = 2**20  # embeddings and similarities that fit into a core's cache


class VocabularyAwareSelection(nn.Module):
    """Weight every pixel of F_agg by its similarity to the vocabulary."""

    def __init__(self, *, hidden_dim: int, text_dim: int) -> None:
        super().__init__()
        self.guide = nn.Linear(text_dim, text_dim)
        self.depthwise = nn.Conv2d(hidden_dim, hidden_dim, 3, padding=1, groups=hidden_dim, bias=False)
        self.depthwise_bn = nn.BatchNorm2d(hidden_dim)
        self.pointwise = nn.Conv2d(hidden_dim, text_dim, 1, bias=False)
        self.pointwise_bn = nn.BatchNorm2d(text_dim)
        self.scale = nn.Parameter(torch.ones(1, 1, 1, 1))  # gamma
        self.offset = nn.Parameter(torch.zeros(1, 1, 1, 1))  # delta
        self.runs_on = ""  # the type of the device that the parts are for; empty: that of the input

    def forward(self, aggregated: Tensor, text: TextEmbeddings) -> Tensor:
        """Weight F_agg by text with void (T + 1 embeddings): visual-semantic features (B, C, H, W)."""
        x = F.gelu(self.depthwise_bn(self.depthwise(aggregated)))
        guide = self.guide(text.embeddings) * text.embeddings.shape[1] ** -0.5
        # In training, batch norm needs all pixels at once; otherwise process rows, to save memory.
        device_type = self.runs_on or x.device.type
        height = x.shape[2] if self.training else rows_attended(x.shape[3], text, device_type)
        attention = torch.cat(
            [self._attend(part, guide, text.penalty) for part in x.split(height, dim=2)], dim=2
        )
        return aggregated * (attention * self.scale + self.offset).to(aggregated.dtype)

    def _attend(self, x: Tensor, guide: Tensor, penalty: Tensor | None) -> Tensor:
        """Return the maximum of each pixel's softmax over the text: (B, C, H, W) -> (B, 1, H, W)."""
        embedding = F.gelu(self.pointwise_bn(self.pointwise(x)))  # (B, D, H, W)
        dtype = embedding.dtype
        penalty = None if penalty is None else penalty.to(dtype)
        similarity = F.linear(embedding.permute(0, 2, 3, 1), guide.to(dtype), penalty)  # (B, H, W, T + 1)
        return similarity.float().softmax(-1).amax(-1).unsqueeze(1)


def rows_attended(width: int, text: TextEmbeddings, device_type: str = "cpu") -> int:
    """Return the rows of a map of this width whose embeddings and similarities are in memory at once."""
    return rows_at_once(width * sum(text.embeddings.shape), NUMBERS_AT_ONCE, device_type)
