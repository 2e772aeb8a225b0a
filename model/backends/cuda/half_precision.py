"""The features' layers in half precision, for inference on GPUs."""

from typing import Any

import torch
from torch import Tensor, nn

from ...export import FEATURE_PARTS, is_half_layer
from ...network import EOVSeg, ModulatedDeformConv2d, SelfAttention, SpatialExtractor

WITH_WEIGHTS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.LayerNorm, SelfAttention, ModulatedDeformConv2d)


def use_half_precision(model: EOVSeg, dtype: torch.dtype) -> None:
    """Convert the layers that the fp16 export has in half precision to dtype, in place.

    Its batch norms must be folded already. Each layer casts its input to its own type; sums with float32
    tensors are in float32. The decoder and the sums over masks get float32.
    """
    for part in FEATURE_PARTS:
        for name, layer in getattr(model, part).named_modules(prefix=part):
            if is_half_layer(name, layer):
                for key, value in list(layer.named_parameters(recurse=False)):
                    setattr(layer, key, nn.Parameter(value.detach().to(dtype), requires_grad=False))
            if isinstance(layer, WITH_WEIGHTS):
                layer.register_forward_pre_hook(_cast_input)
    model.vas.register_forward_hook(_return_float32)
    if isinstance(model.spatial_extractor, SpatialExtractor):
        model.spatial_extractor.upsampling[-1].register_forward_hook(_return_float32)


def _cast_input(layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Cast the first input to the type of the layer's weights."""
    weight = next(layer.parameters(recurse=False))
    return inputs[0].to(weight.dtype), *inputs[1:]


def _return_float32(layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
    return output.float()
