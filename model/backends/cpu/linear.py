"""A linear layer whose weights lie the way oneDNN wants them."""

import torch
from torch import Tensor, nn


class PackedLinear(nn.Module):
    """A linear layer for inference: weights laid out at the first call instead of at every one."""

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self._weight = weight.detach().to(dtype)
        self._bias = None if bias is None else bias.detach().to(dtype)
        self._dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C'), in the layer's own type."""
        x = x.to(self._dtype)
        if not self._weight.is_mkldnn:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(self._weight, x.numel() // x.shape[-1])
        return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "none")
