"""Deformable convolution as one operator, for runtimes with a kernel for it."""

from torch import Tensor, nn
from torchvision.ops import deform_conv2d

from ..network import ModulatedDeformConv2d


class OneOperatorDeformConv2d(nn.Module):
    """`ModulatedDeformConv2d` as a call of `torchvision.ops.deform_conv2d`, with the same parameters."""

    def __init__(self, plain: ModulatedDeformConv2d) -> None:
        super().__init__()
        self.weight = plain.weight
        self.bias = plain.bias

    def forward(self, x: Tensor, offset: Tensor, mask: Tensor) -> Tensor:
        """Convolve x (B, C, H, W), offset (B, 18, H, W) of (dy, dx) in pixels, mask (B, 9, H, W)."""
        return deform_conv2d(x, offset, self.weight, self.bias, padding=1, mask=mask)


def use_one_operator(model: nn.Module) -> None:
    """Replace every `ModulatedDeformConv2d` of model, in place."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, ModulatedDeformConv2d):
                setattr(module, name, OneOperatorDeformConv2d(child))
