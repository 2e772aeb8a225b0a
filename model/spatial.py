"""Spatial awareness extractor: the first block of a CLIP ViT, upsampled to stride 4 (paper, TDEE section)."""

import torch
from open_clip.transformer import QuickGELU, ResidualAttentionBlock
from torch import Tensor, nn

from .layers import ChannelLayerNorm, resize


class SpatialExtractor(nn.Module):
    """F_s, spatial awareness features at stride 4."""

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

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, H, W) -> F_s (B, width, H/4, W/4)."""
        return self.upsampling(self.vit(images))


class ViTBlocks(nn.Module):
    """Patch embedding, class token, positions and the first transformer blocks of a CLIP ViT."""

    def __init__(self, *, width: int, heads: int, patch_size: int, grid_size: int, num_blocks: int) -> None:
        super().__init__()
        self.grid_size = grid_size
        self.conv1 = nn.Conv2d(3, width, patch_size, stride=patch_size, bias=False)
        self.class_embedding = nn.Parameter(width**-0.5 * torch.randn(width))
        self.positional_embedding = nn.Parameter(width**-0.5 * torch.randn(grid_size**2 + 1, width))
        self.ln_pre = nn.LayerNorm(width)
        self.blocks = nn.Sequential(
            *(ResidualAttentionBlock(width, heads, act_layer=QuickGELU) for _ in range(num_blocks))
        )

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
