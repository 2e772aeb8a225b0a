"""What the layers that EOV-Seg adds to its CLIPs start from, as in the published code."""

import torch
from torch import nn

from ...network import EOVSeg

LINEAR_STD = 0.02


@torch.no_grad()
def initialise(model: EOVSeg) -> None:
    """Draw the weights of aggregator and decoder stages anew; what is not named here keeps torch's defaults.

    In the aggregator everything with more than one dimension is Xavier uniform, the layers that predict
    offsets and the one bias that is a map included. In the stages linear layers are normal, cut at two
    units and without bias at first.
    """
    for parameter in model.aggregator.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
    for layer in model.decoder.stages.modules():
        if isinstance(layer, nn.Linear):
            nn.init.trunc_normal_(layer.weight, std=LINEAR_STD)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
