"""Spatial awareness extractor: the first block of a CLIP ViT, upsampled to stride 4 (paper, TDEE section)."""

from collections import OrderedDict

import torch
from open_clip.transformer import QuickGELU
from torch import Tensor, nn

from ..layers import (
    ChannelLayerNorm,
    SelfAttention,
    mask_area,
    masked_sum,
    pixel_weight,
    resize,
    rows_at_once,
)

NUMBERS_AT_ONCE = 2**22  # numbers of F_s in memory


class SpatialExtractor(nn.Module):
    """Spatial awareness features F_s at stride 4, of which only means inside masks are computed."""

    def __init__(self, *, vit: "ViTBlocks", width: int) -> None:
        super().__init__()
        self.vit = vit
        self.upsampling = nn.Sequential(
            nn.ConvTranspose2d(width, width, 2, stride=2),
            ChannelLayerNorm(width, eps=1e-6),
            nn.GELU(),
            nn.ConvTranspose2d(width, width, 2, stride=2),
            nn.GELU(),
        )
        self.runs_on = ""  # the type of the device that the parts are for; empty: that of the input

    def forward(self, images: Tensor) -> Tensor:
        """Return F_s before its last upsampling, (B, width, H/8, W/8), of normalised images (B, 3, H, W)."""
        return self.upsampling[:3](self.vit(images))

    def masked_mean(self, coarse: Tensor, inside: Tensor) -> Tensor:
        """Return the mean of F_s (B, N, width) inside boolean masks (B, N, H/4, W/4).

        coarse is the output of forward. F_s is computed a few rows at a time, as each of its pixels depends
        on one pixel of coarse.
        """
        height = coarse_rows(coarse, self.runs_on or coarse.device.type)
        weight = pixel_weight(inside)
        parts = zip(coarse.split(height, 2), inside.split(2 * height, 2), strict=True)
        double, gelu = self.upsampling[3], self.upsampling[4]
        total = torch.stack([masked_sum(gelu(double(x)), mask, weight) for x, mask in parts]).sum(0)
        return total / mask_area(inside, weight)


class ViTBlocks(nn.Module):
    """Patch embedding, class token, positional embedding and first transformer blocks of a CLIP ViT."""

    def __init__(self, *, width: int, heads: int, patch_size: int, grid_size: int, num_blocks: int) -> None:
        super().__init__()
        self.grid_size = grid_size
        self.conv1 = nn.Conv2d(3, width, patch_size, stride=patch_size, bias=False)
        self.class_embedding = nn.Parameter(width**-0.5 * torch.randn(width))
        self.positional_embedding = nn.Parameter(width**-0.5 * torch.randn(grid_size**2 + 1, width))
        self.ln_pre = nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(TransformerBlock(width=width, heads=heads) for _ in range(num_blocks)))

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, H, W) -> (B, width, H/patch, W/patch)."""
        x = self.conv1(images)
        B, C, H, W = x.shape
        grid = self.positional_embedding[1:].transpose(0, 1).view(1, C, self.grid_size, self.grid_size)
        x = x + resize(grid, (H, W))
        first = (self.class_embedding + self.positional_embedding[0]).expand(B, 1, C)
        x = torch.cat([first, x.flatten(2).transpose(1, 2)], dim=1)  # (B, 1 + HW, C)
        x = self.blocks(self.ln_pre(x))
        return x[:, 1:].transpose(1, 2).reshape(B, C, H, W)


class TransformerBlock(nn.Module):
    """A CLIP transformer block without attention mask; its parameters have open_clip's names."""

    def __init__(self, *, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = SelfAttention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            OrderedDict(
                c_fc=nn.Linear(width, 4 * width), gelu=QuickGELU(), c_proj=nn.Linear(4 * width, width)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, width) -> (B, N, width)."""
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


def coarse_rows(coarse: Tensor, device_type: str = "cpu") -> int:
    """Return the rows of the stride-8 map (B, C, H/8, W/8) whose part of F_s is in memory at once."""
    _, C, _, W = coarse.shape
    return rows_at_once(4 * C * W, NUMBERS_AT_ONCE, device_type)  # each pixel becomes four
