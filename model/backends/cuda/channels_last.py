"""Weights in the memory layout in which convolutions on GPUs are fastest."""

import torch
from torch import nn

from ...network import EOVSeg


def use_channels_last(model: EOVSeg) -> None:
    """Lay out the weights of all convolutions of model channels last, in place; for inference only."""
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            weight = layer.weight.detach().contiguous(memory_format=torch.channels_last)
            layer.weight = nn.Parameter(weight, requires_grad=False)
