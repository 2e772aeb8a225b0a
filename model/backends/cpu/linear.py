"""A linear layer with weights in oneDNN's layout."""

from typing import Literal, Protocol

import torch
from torch import Tensor, nn

Activation = Literal["none", "relu", "gelu", "swish"]  # swish: x sigmoid(x)


class MakeLinear(Protocol):
    """Factory of linear layers for inference."""

    def __call__(self, weight: Tensor, bias: Tensor | None, *, activation: Activation = "none") -> nn.Module:
        """Return a layer with weight (C', C) and bias (C',) or None."""
        ...


class PackedLinear(nn.Module):
    """A linear layer for inference, with weights packed at the first call and a fused activation."""

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        dtype: torch.dtype = torch.float32,
        *,
        activation: Activation = "none",
    ) -> None:
        super().__init__()
        self._weight = weight.detach().to(dtype)
        self._bias = None if bias is None else bias.detach().to(dtype)
        self._dtype = dtype
        self._activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C'), in the layer's dtype."""
        x = x.to(self._dtype)
        if not self._weight.is_mkldnn:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(self._weight, x.numel() // x.shape[-1])
        return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, self._activation, [], "none")
