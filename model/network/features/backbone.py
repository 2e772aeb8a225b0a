"""CNN-based CLIP visual encoder: features for the aggregator, and mask pooling for classification."""

from typing import NamedTuple

import torch.nn.functional as F
from open_clip.modified_resnet import AttentionPool2d, ModifiedResNet
from open_clip.timm_model import TimmModel
from torch import Tensor, nn

from ..layers import masked_mean, resize
from ..text.classification import PADDING


class CNNFeatures(NamedTuple):
    """C_2..C_5 at strides 4, 8, 16, 32, and the map that CLIP's head pools."""

    res2: Tensor
    res3: Tensor
    res4: Tensor
    res5: Tensor
    clip_dense: Tensor


class DenseNeck(nn.Module):
    """Top-down sum of res3..res5 at stride 8, for a CLIP trained on images with several objects."""

    def __init__(self, *, channels: tuple[int, int, int], dim: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(c, dim, 1) for c in channels)
        self.mix = nn.Conv2d(dim, dim, 3, padding=1)

    def forward(self, res3: Tensor, res4: Tensor, res5: Tensor) -> Tensor:
        """Combine maps at strides 8, 16, 32 to (B, dim, H/8, W/8)."""
        x3, x4, x5 = (conv(x) for conv, x in zip(self.lateral, (res3, res4, res5), strict=True))
        x4 = x4 + resize(x5, x4.shape[-2:])
        return F.relu(self.mix(x3 + resize(x4, x3.shape[-2:])))


class ResNetBackbone(nn.Module):
    """CLIP's modified ResNet, with a masked attention pool."""

    def __init__(
        self,
        *,
        layers: tuple[int, ...],
        width: int,
        heads: int,
        image_size: int,
        dense_dim: int,
        text_dim: int,
    ) -> None:
        super().__init__()
        self.tower = ModifiedResNet(list(layers), text_dim, heads, image_size, width)
        self.neck = None
        if dense_dim:
            self.neck = DenseNeck(channels=(width * 8, width * 16, width * 32), dim=dense_dim)
            self.tower.attnpool = AttentionPool2d(image_size // 32, dense_dim, heads, text_dim)

    def forward(self, images: Tensor) -> CNNFeatures:
        """Normalised images (B, 3, H, W), sides multiples of 32 -> CNNFeatures."""
        res2 = self.tower.layer1(self.tower.stem(images))
        res3 = self.tower.layer2(res2)
        res4 = self.tower.layer3(res3)
        res5 = self.tower.layer4(res4)
        clip_dense = res5 if self.neck is None else self.neck(res3, res4, res5)
        return CNNFeatures(res2, res3, res4, res5, clip_dense)

    def pool_masks(self, clip_dense: Tensor, mask: Tensor) -> Tensor:
        """Return CLIP's embedding of each boolean mask: clip_dense (B, C, H, W), (B, N, H, W) -> (B, N, D).

        The query is the mean of all pixels plus the class position; keys and values are the mask's pixels. An
        empty mask gives the projection's bias, not NaN.
        """
        pool = self.tower.attnpool
        B, C, H, W = clip_dense.shape
        heads, head_dim = pool.num_heads, C // pool.num_heads
        position = pool.positional_embedding
        x = clip_dense.flatten(2).transpose(1, 2)  # (B, HW, C)
        query = pool.q_proj(x.mean(1, keepdim=True) + position[0])  # (B, 1, C)
        x = x + _resize_positions(position[1:], (H, W))
        # There is one query per head, so k_proj is applied to it, not to every pixel. The key bias is
        # omitted, because it adds the same value to all pixels of a softmax.
        probe = query.view(B, heads, 1, head_dim) @ pool.k_proj.weight.view(heads, head_dim, C)
        score = (probe.squeeze(2) @ x.transpose(1, 2)) * head_dim**-0.5  # (B, heads, HW)
        value = pool.v_proj(x).to(x.dtype)
        value = value.view(B, H * W, heads, head_dim).transpose(1, 2)  # (B, heads, HW, head_dim)
        inside = mask.flatten(2).unsqueeze(1)  # (B, 1, N, HW)
        score = score.unsqueeze(2).masked_fill(~inside, PADDING)  # (B, heads, N, HW)
        weight = score.softmax(-1) * inside
        pooled = (weight @ value).transpose(1, 2).flatten(2)  # (B, N, C)
        return pool.c_proj(pooled)


class ConvNeXtBackbone(nn.Module):
    """CLIP's ConvNeXt; masks are pooled by their mean, followed by the trunk's norm and CLIP's head."""

    def __init__(self, *, timm_name: str, image_size: int, text_dim: int) -> None:
        super().__init__()
        self.tower = TimmModel(timm_name, text_dim, image_size=image_size, pool="", proj="mlp")

    def forward(self, images: Tensor) -> CNNFeatures:
        """Normalised images (B, 3, H, W), sides multiples of 32 -> CNNFeatures."""
        trunk = self.tower.trunk
        x = trunk.stem(images)
        levels = []
        for stage in trunk.stages:
            x = stage(x)
            levels.append(x)
        res2, res3, res4, res5 = levels
        return CNNFeatures(res2, res3, res4, res5, trunk.norm_pre(res5))

    def pool_masks(self, clip_dense: Tensor, mask: Tensor) -> Tensor:
        """Return CLIP's embedding of each mask: clip_dense (B, C, H, W), mask (B, N, H, W) -> (B, N, D)."""
        pooled = masked_mean(clip_dense, mask)
        B, N, C = pooled.shape
        pooled = self.tower.trunk.head(pooled.reshape(B * N, C, 1, 1))
        return self.tower.head(pooled.flatten(1)).view(B, N, -1)


def _resize_positions(position: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize a square positional grid (G * G, C) to size (H, W): (H * W, C)."""
    grid = round(position.shape[0] ** 0.5)
    position = position.transpose(0, 1).view(1, -1, grid, grid)
    return resize(position, size).flatten(2)[0].transpose(0, 1)
