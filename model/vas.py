"""Vocabulary-Aware Selection (paper, equations 3 and 4)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class VocabularyAwareSelection(nn.Module):
    """Weights every pixel of F_agg by how well the vocabulary explains it."""

    def __init__(self, *, hidden_dim: int, text_dim: int) -> None:
        super().__init__()
        self.guide = nn.Linear(text_dim, text_dim)
        self.depthwise = nn.Conv2d(hidden_dim, hidden_dim, 3, padding=1, groups=hidden_dim, bias=False)
        self.depthwise_bn = nn.BatchNorm2d(hidden_dim)
        self.pointwise = nn.Conv2d(hidden_dim, text_dim, 1, bias=False)
        self.pointwise_bn = nn.BatchNorm2d(text_dim)
        self.scale = nn.Parameter(torch.ones(1, 1, 1, 1))  # gamma
        self.offset = nn.Parameter(torch.zeros(1, 1, 1, 1))  # delta

    def forward(self, aggregated: Tensor, text_rows: Tensor) -> Tensor:
        """F_agg (B, C, H, W), text rows with void (T + 1, D) -> visual-semantic features (B, C, H, W)."""
        x = F.gelu(self.depthwise_bn(self.depthwise(aggregated)))
        embedding = F.gelu(self.pointwise_bn(self.pointwise(x)))  # (B, D, H, W)
        guide = self.guide(text_rows) * embedding.shape[1] ** -0.5
        similarity = torch.einsum("bdhw,td->bthw", embedding, guide)
        attention = similarity.softmax(dim=1).amax(dim=1, keepdim=True)  # (B, 1, H, W)
        return aggregated * (attention * self.scale + self.offset)
