"""A convolution with weights in oneDNN's layout."""

import torch
from torch import Tensor, nn

from .linear import Activation


class PackedConv2d(nn.Module):
    """An `nn.Conv2d` for inference, with prepacked weights and a fused activation.

    The first input determines the layout, because the best one depends on its size; other sizes work, too.
    """

    def __init__(
        self,
        convolution: nn.Conv2d,
        dtype: torch.dtype = torch.float32,
        *,
        activation: Activation = "none",
    ) -> None:
        super().__init__()
        padding = convolution.padding
        assert isinstance(padding, tuple)
        sizes = (padding, convolution.stride, convolution.dilation)
        self._geometry = (*map(list, sizes), convolution.groups)
        self._weight = convolution.weight.detach().to(dtype)
        self._bias = None if convolution.bias is None else convolution.bias.detach().to(dtype)
        self._dtype = dtype
        self._activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W'), channels last, in the layer's dtype."""
        x = x.to(self._dtype)
        convolve = torch.ops.mkldnn._convolution_pointwise.default
        return convolve(x, self._packed(x), self._bias, *self._geometry, self._activation, [], "none")

    def add_relu(self, x: Tensor, other: Tensor) -> Tensor:
        """Return relu(forward(x) + other), computed in one pass."""
        if x.shape[-2:] == (1, 1):  # the operator refuses a single pixel, at least up to torch 2.10
            return (self(x) + other.to(self._dtype)).relu()
        x = x.to(self._dtype)
        convolve = torch.ops.mkldnn._convolution_pointwise.binary
        return convolve(
            x, other.to(self._dtype), self._packed(x), self._bias, *self._geometry, "add", 1.0, "relu", [], ""
        )

    def _packed(self, x: Tensor) -> Tensor:
        if not self._weight.is_mkldnn:
            pack = torch.ops.mkldnn._reorder_convolution_weight
            self._weight = pack(self._weight, *self._geometry, x.shape)
        return self._weight
