"""An 8-bit linear layer."""

import torch
from torch import Tensor, nn

from .linear import Activation

LARGEST = 127  # largest quantised weight
STEPS = (
    254  # steps between minimum and maximum input, one less than possible, because the level of 0 is rounded
)


class QuantizedLinear(nn.Module):
    """A linear layer for inference in int8, with a scale per output and a scale for the inputs of each call.

    The output is bfloat16. All images of a batch share the inputs' scale, so results of a batch and of single
    images differ by the quantisation error. Needs VNNI, without which oneDNN's sums overflow.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, *, activation: Activation = "none") -> None:
        super().__init__()
        weight = weight.detach()
        self._scale = weight.abs().amax(1).clamp(min=torch.finfo(torch.float32).tiny) / LARGEST
        levels = (weight / self._scale[:, None]).round().to(torch.int8)
        self._weight = torch.ops.onednn.qlinear_prepack(levels, None)
        self._zero = torch.zeros(len(weight), dtype=torch.int32)
        self._bias = None if bias is None else bias.detach().float()
        self._activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C') bfloat16."""
        levels, scale, zero = _quantize(x)
        return torch.ops.onednn.qlinear_pointwise(
            levels, scale, zero, self._weight, self._scale, self._zero, self._bias,
            1.0, 0, torch.bfloat16, self._activation, [], "none",
        )  # fmt: skip


def _quantize(x: Tensor) -> tuple[Tensor, float, int]:
    """Return uint8 levels, scale and zero point: x is about (levels - zero) * scale."""
    low, high = (float(bound) for bound in x.aminmax())
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / STEPS or 1.0
    zero = round(-low / scale)
    levels = x.float().mul(1 / scale).add_(zero + 0.5)  # rounds, because the conversion truncates
    return levels.to(torch.uint8), scale, zero
