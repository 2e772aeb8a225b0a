"""A transposed convolution with weights in oneDNN's layout."""

import torch
from torch import Tensor, nn


class PackedConvTranspose2d(nn.Module):
    """An `nn.ConvTranspose2d` for inference, with weights packed at the first call instead of every call."""

    def __init__(self, convolution: nn.ConvTranspose2d, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        sizes = (convolution.padding, convolution.output_padding, convolution.stride, convolution.dilation)
        self._geometry = (*map(list, sizes), convolution.groups)
        self._weight = convolution.weight.detach().to(dtype)
        self._bias = None if convolution.bias is None else convolution.bias.detach().to(dtype)
        self._dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W'), channels last, in the layer's dtype."""
        x = x.to(self._dtype)
        if not self._weight.is_mkldnn:
            pack = torch.ops.mkldnn._reorder_convolution_transpose_weight
            self._weight = pack(self._weight, *self._geometry, x.shape)
        convolve = torch.ops.mkldnn._convolution_transpose_pointwise
        return convolve(x, self._weight, self._bias, *self._geometry, "none", [], "")
