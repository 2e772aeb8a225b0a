"""Initial weights of the layers that EOV-Seg adds to CLIP, as in the published code."""

import torch
from torch import nn

from ...network import EOVSeg

LINEAR_STD = 0.02


@torch.no_grad()
def initialise(model: EOVSeg) -> None:
    """Initialise the weights of aggregator and decoder stages; other layers keep torch's defaults.

    All aggregator parameters with more than one dimension are Xavier uniform, including offset predictors and
    the bias map. Linear layers of the stages are truncated normal (at +-2), with zero bias.
    """
    for parameter in model.aggregator.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
    for layer in model.decoder.stages.modules():
        if isinstance(layer, nn.Linear):
            nn.init.trunc_normal_(layer.weight, std=LINEAR_STD)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
