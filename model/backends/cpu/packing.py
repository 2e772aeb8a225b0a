"""Layers replaced by ones for inference on a CPU: the same function, laid out for oneDNN."""

from open_clip.modified_resnet import Bottleneck
from torch import nn

from ...eovseg import EOVSeg
from ...layers import ModulatedDeformConv2d
from ...vas import VocabularyAwareSelection
from .bottleneck import PackedBottleneck
from .convolution import PackedConv2d
from .deformable_convolution import GatheredDeformConv2d
from .linear import PackedLinear
from .transposed_convolution import PackedConvTranspose2d


def pack(model: EOVSeg) -> None:
    """Replace the layers of model in place; it cannot be trained or saved afterwards.

    Its batch norms must be folded already. The text encoder stays as it is: it runs once a name.
    """
    for name, part in model.named_children():
        if name != "text_encoder":
            _replace_layers(part)


def _replace_layers(module: nn.Module) -> None:
    if isinstance(module, VocabularyAwareSelection):
        module.linear_with = PackedLinear
    for name, child in module.named_children():
        replacement = _replacement(child)
        if replacement is not None and name != "k_proj":  # pool_masks reads that weight
            setattr(module, name, replacement)
            child = replacement
        _replace_layers(child)


def _replacement(layer: nn.Module) -> nn.Module | None:
    """The layer for inference; None for what stays."""
    if isinstance(layer, Bottleneck):
        return PackedBottleneck(layer)
    if isinstance(layer, nn.Conv2d):
        return PackedConv2d(layer)
    if isinstance(layer, nn.ConvTranspose2d):
        return PackedConvTranspose2d(layer)
    if isinstance(layer, nn.Linear):
        return PackedLinear(layer.weight, layer.bias)
    if isinstance(layer, ModulatedDeformConv2d):
        return GatheredDeformConv2d(layer)
    return None
