"""Lite aggregator: a deformable feature pyramid summed at stride 4 (paper, equation 1)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import ModulatedDeformConv2d, resize
from .backbone import CNNFeatures


class LiteAggregator(nn.Module):
    """C_2..C_5 -> F_agg (B, hidden_dim, H/4, W/4)."""

    def __init__(self, *, channels: tuple[int, int, int, int], dim: int, hidden_dim: int) -> None:
        super().__init__()
        widths = [c // 2 for c in channels]  # of p2..p5
        self.lateral = nn.ModuleList(nn.Conv2d(c, w, 1) for c, w in zip(channels, widths, strict=True))
        self.top_down = nn.ModuleList(
            DeformUpsampling(in_channels=widths[i], out_channels=widths[i - 1]) for i in (3, 2, 1)
        )
        self.reduce = nn.ModuleList(nn.Conv2d(w, dim, 1, bias=False) for w in widths)
        self.bias = nn.Parameter(torch.zeros(1, dim, 1, 1))
        self.fuse = nn.Conv2d(dim, dim, 3, padding=1)
        self.location = nn.Conv2d(dim + 2, hidden_dim, 1)

    def forward(self, features: CNNFeatures) -> Tensor:
        """C_2..C_5 (B, C_i, H/2^i, W/2^i) -> F_agg (B, hidden_dim, H/4, W/4)."""
        size = features.res2.shape[-2:]
        p = self.lateral[3](features.res5)
        total = resize(self.reduce[3](p), size) + self.bias
        for i, upsample in zip((2, 1, 0), self.top_down, strict=True):
            p = upsample(p) + self.lateral[i](features[i])
            total = total + resize(self.reduce[i](p), size)
        x = self.fuse(total)
        return self.location(torch.cat([x, _coordinates(x)], dim=1))


class DeformUpsampling(nn.Module):
    """Modulated deformable convolution, then a transposed one that doubles the resolution."""

    def __init__(self, *, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.dcn_offset = nn.Conv2d(in_channels, 27, 3, padding=1)
        for parameter in self.dcn_offset.parameters():
            nn.init.zeros_(parameter)
        self.dcn = ModulatedDeformConv2d(in_channels=in_channels, out_channels=out_channels)
        self.dcn_bn = nn.BatchNorm2d(out_channels)
        self.up_sample = nn.ConvTranspose2d(out_channels, out_channels, 4, stride=2, padding=1, bias=False)
        self.up_bn = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', 2H, 2W)."""
        offset, mask = self.dcn_offset(x).split([18, 9], dim=1)
        x = F.relu(self.dcn_bn(self.dcn(x, offset, mask.sigmoid())))
        return F.relu(self.up_bn(self.up_sample(x)))


def _coordinates(x: Tensor) -> Tensor:
    """Return coordinates (B, 2, H, W) for x (B, C, H, W): column, then row, each from -1 to 1 inclusive."""
    B, _, H, W = x.shape
    row, column = (torch.linspace(-1, 1, side, device=x.device).to(x.dtype) for side in (H, W))
    return torch.stack([column.expand(H, W), row.view(H, 1).expand(H, W)]).expand(B, 2, H, W)
