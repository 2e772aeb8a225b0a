"""Modulated deformable convolution as a weighted gather and a matrix product."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network import ModulatedDeformConv2d
from .linear import PackedLinear

PIXELS = 720  # number of pixels whose nine taps are in memory at once


class GatheredDeformConv2d(nn.Module):
    """A `ModulatedDeformConv2d` for inference on CPUs.

    `embedding_bag` sums the channels of the four neighbours of every sampling point, weighted by the bilinear
    weights times the mask. The sampled map is written only once, in the order that the matrix product needs.
    """

    def __init__(self, convolution: ModulatedDeformConv2d, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        weight = convolution.weight.permute(0, 2, 3, 1).flatten(1)  # (C', 9 C), taps before channels
        self.mix = PackedLinear(weight.contiguous(), convolution.bias, dtype)
        self._dtype = dtype

    def forward(self, x: Tensor, offset: Tensor, mask: Tensor) -> Tensor:
        """x (B, C, H, W), offset (B, 18, H, W) of (dy, dx) in pixels, mask (B, 9, H, W) -> (B, C', H, W)."""
        B, C, H, W = x.shape
        table = x.to(self._dtype).permute(0, 2, 3, 1).reshape(B * H * W, C)
        index, weight = _neighbours(offset.permute(0, 2, 3, 1), mask.permute(0, 2, 3, 1))
        weight = weight.to(self._dtype)
        parts = []
        for i, w in zip(index.split(9 * PIXELS), weight.split(9 * PIXELS), strict=True):
            taps = F.embedding_bag(i, table, per_sample_weights=w, mode="sum")  # (9 PIXELS, C)
            parts.append(self.mix(taps.view(-1, 9 * C)))
        return torch.cat(parts).view(B, H, W, -1).permute(0, 3, 1, 2)


def _neighbours(offset: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return pixel indices and weights (B H W 9, 4) of all sampling points; weights are 0 outside the map.

    offset (B, H, W, 18) and mask (B, H, W, 9) hold the taps row by row.
    """
    B, H, W, _ = mask.shape
    dy, dx = offset.reshape(B, H, W, 9, 2).unbind(-1)
    step = torch.arange(-1.0, 2.0)
    y = dy + torch.arange(H).view(H, 1, 1) + step.repeat_interleave(3)
    x = dx + torch.arange(W).view(W, 1) + step.repeat(3)
    top, left = y.floor(), x.floor()
    below, right = y - top, x - left  # weights of the lower and the right neighbours
    image = torch.arange(B).view(B, 1, 1, 1) * (H * W)
    index, weight = [], []
    for row, row_weight in ((top, 1 - below), (top + 1, below)):
        row_weight = torch.where((row >= 0) & (row < H), row_weight * mask, 0)
        start = image + row.clamp(0, H - 1) * W
        for column, column_weight in ((left, 1 - right), (left + 1, right)):
            weight.append(torch.where((column >= 0) & (column < W), row_weight * column_weight, 0))
            index.append(start + column.clamp(0, W - 1))
    return torch.stack(index, -1).view(-1, 4).int(), torch.stack(weight, -1).view(-1, 4)
