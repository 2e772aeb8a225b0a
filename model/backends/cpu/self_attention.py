"""Self-attention with packed linear layers."""

import torch
from torch import Tensor, nn

from ...network import SelfAttention
from .linear import MakeLinear

QUERIES = 256  # number of queries whose weights are in memory at once


class PackedSelfAttention(nn.Module):
    """A `SelfAttention` for inference."""

    def __init__(self, attention: SelfAttention, make_linear: MakeLinear) -> None:
        super().__init__()
        self._heads = attention.num_heads
        self.project = make_linear(attention.in_proj_weight, attention.in_proj_bias)
        self.out_proj = make_linear(attention.out_proj.weight, attention.out_proj.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C), in the dtype of its linear layers."""
        B, N, C = x.shape
        projected = self.project(x).view(B, N, 3, self._heads, -1)
        query, key, value = projected.permute(2, 0, 3, 1, 4).flatten(1, 2)  # (B heads, N, C / heads) each
        key = key.transpose(1, 2) * (C // self._heads) ** -0.5
        heads = torch.stack([_attend(*head) for head in zip(query, key, value, strict=True)])
        return self.out_proj(heads.view(B, self._heads, N, -1).transpose(1, 2).reshape(B, N, C))


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Compute one head: (N, C), (C, N) and (N, C) -> (N, C)."""
    return torch.cat([(part @ key).softmax(-1) @ value for part in query.split(QUERIES)])
