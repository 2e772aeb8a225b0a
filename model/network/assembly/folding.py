"""Fold batch norms into the preceding convolutions, for fewer passes over memory."""

import torch
from torch import nn

from ..layers import ModulatedDeformConv2d

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d, ModulatedDeformConv2d)


@torch.no_grad()
def fold_batch_norms(model: nn.Module) -> None:
    """Fold every batch norm of model into its convolution, in place; for inference only.

    A batch norm belongs to the convolution that is registered directly before it in the same module.
    """
    for module in model.modules():
        children = list(module.named_children())
        for (_, convolution), (name, norm) in zip(children[:-1], children[1:], strict=True):
            if isinstance(convolution, CONVOLUTIONS) and isinstance(norm, nn.BatchNorm2d):
                _fold(convolution, norm)
                setattr(module, name, nn.Identity())


def _fold(convolution: nn.Conv2d | nn.ConvTranspose2d | ModulatedDeformConv2d, norm: nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
    bias = -norm.running_mean if convolution.bias is None else convolution.bias - norm.running_mean
    outputs = 1 if isinstance(convolution, nn.ConvTranspose2d) else 0  # the axis of the output channels
    shape = [1] * outputs + [-1] + [1] * (3 - outputs)
    convolution.weight = nn.Parameter(convolution.weight * scale.view(shape), requires_grad=False)
    convolution.bias = nn.Parameter(norm.bias + bias * scale, requires_grad=False)
