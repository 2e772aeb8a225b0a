"""Which layers compute in half precision on GPUs, in exported graphs and in PyTorch."""

from torch import nn

from ..network import ModulatedDeformConv2d, SelfAttention

# These parts are nearly all of the work. Their sampling positions and embeddings stay float32. So do, in all
# parts, sums over masks, which would overflow, norms, softmaxes and the logarithms of the classification.
FEATURE_PARTS = ("backbone", "spatial_extractor", "aggregator", "vas")
FULL_PRECISION = ("dcn_offset", "attnpool", "head")  # half precision is sufficient for image features only
LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, SelfAttention, ModulatedDeformConv2d)


def is_half(path: str) -> bool:
    """Whether products in the module at this path of the network may be in half precision.

    Depthwise convolutions are not: they are little work, and TensorRT requires their weights as constants.
    """
    names = path.split(".")
    return names[0] in FEATURE_PARTS and not set(names).intersection(FULL_PRECISION)


def is_half_layer(path: str, layer: nn.Module) -> bool:
    """Whether the parameters of the layer at this path may be in half precision."""
    depthwise = isinstance(layer, nn.Conv2d) and layer.groups != 1
    return isinstance(layer, LAYERS) and is_half(path) and not depthwise
