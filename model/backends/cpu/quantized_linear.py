"""A linear layer in eight bits."""

import torch
from torch import Tensor, nn

from .linear import Activation

LARGEST = 127  # of a weight
STEPS = 254  # from the smallest to the largest input: one less than there are, as the level of 0 is rounded


class QuantizedLinear(nn.Module):
    """A linear layer for inference in int8: a scale for every output, and one for the inputs of each call.

    It gives bfloat16. All pictures of a batch share the inputs' scale, so a batch differs from single
    pictures by as much as int8 itself does. Needs VNNI: without it oneDNN's sums overflow.
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
    """uint8 levels, scale and the level of 0: x is about (levels - zero) * scale."""
    low, high = (float(bound) for bound in x.aminmax())
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / STEPS or 1.0
    zero = round(-low / scale)
    levels = x.float().mul(1 / scale).add_(zero + 0.5)  # cut to whole numbers, so rounded
    return levels.to(torch.uint8), scale, zero
