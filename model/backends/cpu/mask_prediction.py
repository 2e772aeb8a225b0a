"""Product of mask kernels and features with oneDNN, as a linear layer whose weights are the kernels."""

import torch
from torch import Tensor, nn

from ...network import pixels_of
from .linear import PackedLinear


class PackedMaskPrediction(nn.Module):
    """A `MaskPrediction` for inference."""

    def forward(self, kernels: Tensor, features: Tensor) -> Tensor:
        """Mask kernels (B, N, C) . features (B, C, H, W) -> mask logits (B, N, H, W), channels last."""
        pairs = zip(pixels_of(features), kernels, strict=True)
        parts = [PackedLinear(weight, None, pixels.dtype)(pixels) for pixels, weight in pairs]
        masks = torch.stack(parts) if len(parts) > 1 else parts[0].unsqueeze(0)  # stack would copy
        return masks.transpose(1, 2).unflatten(2, features.shape[-2:])
