"""Replace layers by equivalent ones for inference on CPUs with oneDNN."""

from functools import partial

import torch
from open_clip.modified_resnet import Bottleneck
from torch import nn

from ...network import (
    EOVSeg,
    MaskPrediction,
    ModulatedDeformConv2d,
    SelfAttention,
    SpatialExtractor,
    TransformerBlock,
    VocabularyAwareSelection,
)
from .bottleneck import PackedBottleneck
from .convolution import PackedConv2d
from .deformable_convolution import GatheredDeformConv2d
from .linear import MakeLinear, PackedLinear
from .mask_prediction import PackedMaskPrediction
from .quantized_linear import QuantizedLinear
from .selection import PackedSelection
from .self_attention import PackedSelfAttention
from .spatial import PackedSpatialExtractor
from .transformer_block import PackedTransformerBlock
from .transposed_convolution import PackedConvTranspose2d

LOW_PRECISION = ("backbone", "spatial_extractor", "aggregator", "vas")  # nearly all of the work
# Layers of these parts that stay float32: sampling positions, embeddings, and the convolutions on the image,
# which are little work but whose errors affect everything.
FULL_PRECISION = ("dcn_offset", "q_proj", "c_proj", "head", "conv1", "stem")
QUANTIZED = ("spatial_extractor", "vas")  # tolerant: means over masks, maxima per pixel


def pack(model: EOVSeg, precision: str = "fp32") -> None:
    """Replace the layers of model in place; it cannot be trained or saved afterwards.

    Its batch norms must be folded already. The text encoder is not changed, because it runs once per name.
    "bf16" applies to convolutions and products of LOW_PRECISION; norms, sums, the decoder and the
    classification promote the results to float32. "int8" is bf16 with 8-bit linear layers in QUANTIZED.
    """
    for name, _ in list(model.named_children()):
        if name != "text_encoder":
            dtype = torch.bfloat16 if precision != "fp32" and name in LOW_PRECISION else torch.float32
            _replace(model, name, dtype, precision == "int8" and name in QUANTIZED)


def _replace(parent: nn.Module, name: str, dtype: torch.dtype, quantize: bool) -> None:
    """Replace a child of parent, recursively."""
    if name in FULL_PRECISION:
        dtype, quantize = torch.float32, False
    make_linear = QuantizedLinear if quantize else partial(PackedLinear, dtype=dtype)
    replacement = _replacement(getattr(parent, name), dtype, make_linear)
    if replacement is not None:
        setattr(parent, name, replacement)
    for child, _ in list(getattr(parent, name).named_children()):
        if child != "k_proj":  # pool_masks uses its weight
            _replace(getattr(parent, name), child, dtype, quantize)


def _replacement(layer: nn.Module, dtype: torch.dtype, make_linear: MakeLinear) -> nn.Module | None:
    """Return the layer for inference, or None if the layer is kept."""
    if isinstance(layer, Bottleneck):
        return PackedBottleneck(layer, dtype)
    if isinstance(layer, SpatialExtractor):
        return PackedSpatialExtractor(layer, make_linear)
    if isinstance(layer, VocabularyAwareSelection):
        return PackedSelection(layer, dtype, make_linear)
    if isinstance(layer, MaskPrediction):
        return PackedMaskPrediction()
    if isinstance(layer, TransformerBlock):
        return PackedTransformerBlock(layer, make_linear)
    if isinstance(layer, nn.Conv2d):
        return PackedConv2d(layer, dtype)
    if isinstance(layer, nn.ConvTranspose2d):
        return PackedConvTranspose2d(layer, dtype)
    if isinstance(layer, SelfAttention):
        return PackedSelfAttention(layer, make_linear)
    if isinstance(layer, nn.Linear):
        return make_linear(layer.weight, layer.bias)
    if isinstance(layer, ModulatedDeformConv2d):
        return GatheredDeformConv2d(layer, dtype)
    return None
