"""Key of an engine in the cache: everything that it depends on."""

import torch

from ...checkpoint import hash_weights
from ...export import graph_fingerprint
from ...network import EOVSeg
from .engine import EngineMaker
from .shape import EngineShape


def describe_weights(model: EOVSeg) -> str:
    """Return a hash of a network's configuration and weights, before a backend changes its layers."""
    return f"{model.config} {hash_weights(model.state_dict())}"


def engine_key(
    maker: EngineMaker, weights: str, device: torch.device, precision: str, shape: EngineShape
) -> tuple[str, ...]:
    """Return the parts of the key; weights is the result of `describe_weights`."""
    gpu = maker.targets or _describe(device)
    return (weights, graph_fingerprint(), maker.name, maker.versions, gpu, precision, str(shape))


def _describe(device: torch.device) -> str:
    """Return a description of the device, which differs if the GPU is replaced."""
    if device.type != "cuda":
        return str(device)
    return f"{device} {torch.cuda.get_device_name(device)} {torch.cuda.get_device_capability(device)}"
