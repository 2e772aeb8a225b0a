"""The spatial awareness extractor, with upsamplings as linear layers."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network import SpatialExtractor, coarse_rows, mask_area, masked_sum, pixel_weight
from .linear import Activation, MakeLinear


class PackedSpatialExtractor(nn.Module):
    """A `SpatialExtractor` for inference."""

    def __init__(self, extractor: SpatialExtractor, make_linear: MakeLinear) -> None:
        super().__init__()
        first, self.norm, _, second, _ = extractor.upsampling
        assert isinstance(first, nn.ConvTranspose2d) and isinstance(second, nn.ConvTranspose2d)
        self.vit = extractor.vit
        self.first = RowDoubling(first, make_linear)
        self.second = RowDoubling(second, make_linear, activation="gelu")

    def forward(self, images: Tensor) -> Tensor:
        """Return F_s before its last upsampling, (B, width, H/8, W/8), of normalised images (B, 3, H, W)."""
        x = torch.stack(self.first(self.vit(images)), dim=3).flatten(2, 3)
        return F.gelu(self.norm(x))

    def masked_mean(self, coarse: Tensor, inside: Tensor) -> Tensor:
        """Return the mean of F_s inside masks (B, N, H/4, W/4), from forward's output: (B, N, width)."""
        total = torch.zeros((), dtype=torch.float32)
        at_once, weight = coarse_rows(coarse), pixel_weight(inside)
        parts = zip(coarse.split(at_once, 2), inside.split(2 * at_once, 2), strict=True)
        for x, mask in parts:
            for i, rows in enumerate(self.second(x)):
                total = total + masked_sum(rows, mask[:, :, i::2], weight).float()
        return total / mask_area(inside, weight)


class RowDoubling(nn.Module):
    """A transposed convolution with kernel and stride 2 as two linear layers; inputs share no outputs."""

    def __init__(
        self, convolution: nn.ConvTranspose2d, make_linear: MakeLinear, activation: Activation = "none"
    ) -> None:
        super().__init__()
        assert convolution.kernel_size == convolution.stride == (2, 2) and convolution.bias is not None
        weight = convolution.weight.permute(2, 3, 1, 0)  # (row, column, C', C)
        bias = convolution.bias.repeat(2)
        self.even, self.odd = (make_linear(w.flatten(0, 1), bias, activation=activation) for w in weight)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> even and odd rows of the result, (B, C', H, 2W) each."""
        B, _, H, W = x.shape
        pixels = x.permute(0, 2, 3, 1)
        even, odd = (
            linear(pixels).view(B, H, 2 * W, -1).permute(0, 3, 1, 2) for linear in (self.even, self.odd)
        )
        return even, odd
