"""Shared layers and mask operations."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MOST_ON_GPU = 2**26  # numbers of a map in memory at once, 268 MB in float32


class ChannelLayerNorm(nn.LayerNorm):
    """Layer norm over the channels of (B, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ScaledLayerNorm(nn.LayerNorm):
    """Layer norm of x, computed from scale * x, which keeps large numbers within half precision."""

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        """(..., C) -> (..., C)."""
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps * scale**2)


class MLP(nn.Module):
    """Linear layers with ReLU between them, (..., input_dim) -> (..., output_dim)."""

    def __init__(self, *, input_dim: int, hidden_dim: int, output_dim: int, num_layers: int) -> None:
        super().__init__()
        dims = [input_dim, *[hidden_dim] * (num_layers - 1), output_dim]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims[:-1], dims[1:], strict=True))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class SelfAttention(nn.MultiheadAttention):
    """Multi-head self-attention with the parameter names of `nn.MultiheadAttention`."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """(B, N, C) -> (B, N, C), without storing the (N, N) weights."""
        B, N, C = x.shape
        projected = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        query, key, value = projected.view(B, N, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        x = F.scaled_dot_product_attention(query, key, value)  # (B, heads, N, C / heads)
        return self.out_proj(x.transpose(1, 2).reshape(B, N, C))


class ModulatedDeformConv2d(nn.Module):
    """3x3 modulated deformable convolution, padding 1 (Zhu et al. 2019, equation 1).

    A bilinear `grid_sample` gathers the nine shifted maps and a matrix product combines them. Equal to
    `torchvision.ops.deform_conv2d` up to float32 rounding, but with operators that every exporter supports.
    The bias is None until a batch norm is folded into it.
    """

    bias: nn.Parameter | None

    def __init__(self, *, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 3, 3))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        self.register_parameter("bias", None)

    def forward(self, x: Tensor, offset: Tensor, mask: Tensor) -> Tensor:
        """x (B, C, H, W), offset (B, 18, H, W) of (dy, dx) in pixels, mask (B, 9, H, W) -> (B, C', H, W)."""
        B, C, H, W = x.shape
        step = torch.arange(-1.0, 2.0, device=x.device)
        offset = offset.float().view(B, 3, 3, 2, H, W)
        rows = torch.arange(H, device=x.device, dtype=torch.float32).view(1, 1, 1, H, 1)
        columns = torch.arange(W, device=x.device, dtype=torch.float32).view(1, 1, 1, 1, W)
        y = rows + step.view(1, 3, 1, 1, 1) + offset[:, :, :, 0]
        x_ = columns + step.view(1, 1, 3, 1, 1) + offset[:, :, :, 1]
        grid = torch.stack([(2 * x_ + 1) / W - 1, (2 * y + 1) / H - 1], dim=-1)
        taps = F.grid_sample(x.float(), grid.view(B, 9 * H, W, 2), align_corners=False).to(x.dtype)
        taps = taps.reshape(B, C, 9, H * W) * mask.to(x.dtype).view(B, 1, 9, H * W)
        out = self.weight.flatten(1) @ taps.reshape(B, C * 9, H * W)
        if self.bias is not None:
            out = out + self.bias.view(-1, 1)
        return out.view(B, -1, H, W)


def pixels_of(features: Tensor) -> Tensor:
    """View (B, C, H, W) as (B, HW, C); runtimes with channels-last layout need no copy."""
    return features.permute(0, 2, 3, 1).flatten(1, 2)


def pixel_weight(mask: Tensor) -> float:
    """Return the weight of a pixel in sums over masks (..., H, W): the power of two nearest 1 / sqrt(H * W).

    With it, sums over one pixel and over a whole map both fit half precision; float32 and bfloat16 lose no
    accuracy.
    """
    return 2.0 ** -round(math.log2(mask.shape[-2] * mask.shape[-1]) / 2)


def masked_sum(features: Tensor, mask: Tensor, weight: float) -> Tensor:
    """Return the sum of features (B, C, H, W) over each mask (B, N, H, W), times weight: (B, N, C)."""
    return _weigh(mask, features.dtype, weight) @ pixels_of(features)


def masked_mean(features: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of features (B, C, H, W) over each mask (B, N, H, W): (B, N, C), 0 if empty."""
    weight = pixel_weight(mask)
    weights = _weigh(mask, features.dtype, weight)
    return weights @ pixels_of(features) / weights.sum(-1, keepdim=True).clamp(min=weight)


def mask_area(mask: Tensor, weight: float) -> Tensor:
    """Return the area of each boolean mask (B, N, H, W), at least one, times weight: (B, N, 1) float32."""
    return _weigh(mask, torch.float32, weight).sum(-1, keepdim=True).clamp(min=weight)


def _weigh(mask: Tensor, dtype: torch.dtype, weight: float) -> Tensor:
    """Convert boolean masks (B, N, H, W) to (B, N, H * W) with values 0 and weight."""
    return mask.flatten(2).to(dtype) * weight


def rows_at_once(numbers_a_row: int, most: int, device_type: str) -> int:
    """Return the number of rows of a map to process at once, at least one.

    On CPUs they hold at most `most` numbers, so that these fit a cache. GPUs have other caches and pay for
    each part, so that there only memory counts.
    """
    return max(1, (MOST_ON_GPU if device_type == "cuda" else most) // numbers_a_row)


def resize(x: Tensor, size: Sequence[int]) -> Tensor:
    """Resize (B, C, H, W) bilinearly to size (height, width), with align_corners=False."""
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)
