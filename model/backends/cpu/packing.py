"""Layers replaced by ones for inference on a CPU: the same function, laid out for oneDNN."""

from functools import partial

import torch
from open_clip.modified_resnet import Bottleneck
from torch import nn

from ...eovseg import EOVSeg
from ...layers import ModulatedDeformConv2d, SelfAttention
from ...vas import VocabularyAwareSelection
from .bottleneck import PackedBottleneck
from .convolution import PackedConv2d
from .deformable_convolution import GatheredDeformConv2d
from .linear import PackedLinear
from .self_attention import PackedSelfAttention
from .transposed_convolution import PackedConvTranspose2d

LOW_PRECISION = ("backbone", "spatial_extractor", "aggregator", "vas")  # where nearly all of the work is
FULL_PRECISION = ("dcn_offset", "attnpool", "head")  # of these parts: sampling positions, embeddings


def pack(model: EOVSeg, dtype: torch.dtype = torch.float32) -> None:
    """Replace the layers of model in place; it cannot be trained or saved afterwards.

    Its batch norms must be folded already. The text encoder stays as it is: it runs once a name. dtype is
    that of the convolutions and products of LOW_PRECISION; what they give meets float32 in norms, sums,
    the decoder and the classification, where the wider type wins.
    """
    for name, part in model.named_children():
        if name != "text_encoder":
            _replace_layers(part, dtype if name in LOW_PRECISION else torch.float32)


def _replace_layers(module: nn.Module, dtype: torch.dtype) -> None:
    if isinstance(module, VocabularyAwareSelection):
        module.linear_with = partial(PackedLinear, dtype=dtype)
    for name, child in module.named_children():
        own = torch.float32 if name in FULL_PRECISION else dtype
        replacement = _replacement(child, own)
        if replacement is not None and name != "k_proj":  # pool_masks reads that weight
            setattr(module, name, replacement)
            child = replacement
        _replace_layers(child, own)


def _replacement(layer: nn.Module, dtype: torch.dtype) -> nn.Module | None:
    """The layer for inference; None for what stays."""
    if isinstance(layer, Bottleneck):
        return PackedBottleneck(layer, dtype)
    if isinstance(layer, nn.Conv2d):
        return PackedConv2d(layer, dtype)
    if isinstance(layer, nn.ConvTranspose2d):
        return PackedConvTranspose2d(layer, dtype)
    if isinstance(layer, SelfAttention):
        return PackedSelfAttention(layer, dtype)
    if isinstance(layer, nn.Linear):
        return PackedLinear(layer.weight, layer.bias, dtype)
    if isinstance(layer, ModulatedDeformConv2d):
        return GatheredDeformConv2d(layer, dtype)
    return None
