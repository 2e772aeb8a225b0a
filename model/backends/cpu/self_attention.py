"""Self-attention whose products are those of packed layers."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...layers import SelfAttention
from .linear import PackedLinear


class PackedSelfAttention(nn.Module):
    """A `SelfAttention` for inference."""

    def __init__(self, attention: SelfAttention, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self._heads = attention.num_heads
        self.project = PackedLinear(attention.in_proj_weight, attention.in_proj_bias, dtype)
        self.out_proj = PackedLinear(attention.out_proj.weight, attention.out_proj.bias, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C), in the layer's own type."""
        B, N, C = x.shape
        query, key, value = self.project(x).view(B, N, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        x = F.scaled_dot_product_attention(query, key, value)  # (B, heads, N, C / heads)
        return self.out_proj(x.transpose(1, 2).reshape(B, N, C))
