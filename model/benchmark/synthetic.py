"""Random weights, images and text that cost as much time as real ones."""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..inference import to_input
from ..network import CONFIGS, DecoderStage, DeformUpsampling, EOVSeg, TextEmbeddings, build_model

MASK_CONTRAST = 8.0  # approximate standard deviation of the mask logits
CALIBRATION_SIZE = (192, 256)
OFFSETS = 0.02  # standard deviation of the weights that predict deformable offsets


@torch.no_grad()
def synthetic_model(variant: str) -> EOVSeg:
    """Return a network with random weights whose masks each cover parts of an image.

    Two biases remove the common component of random features and mask kernels, which would make all masks
    alike, and either full or empty. Hardly any query is void, so fusion processes all masks: the worst case.
    """
    torch.manual_seed(0)
    model = build_model(CONFIGS[variant]).requires_grad_(False)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)  # some of CLIP's norms are initialised to 0
    for layer in model.aggregator.top_down:
        assert isinstance(layer, DeformUpsampling)
        nn.init.normal_(layer.dcn_offset.weight, 0, OFFSETS)
    last_stage = model.decoder.stages[-1]
    assert isinstance(last_stage, DecoderStage)
    _standardise(model, model.aggregator.location, 1.0)
    _standardise(model, last_stage.mask_kernel[-1], MASK_CONTRAST / model.config.hidden_dim**0.5)
    return model


def _standardise(model: EOVSeg, layer: nn.Module, spread: float) -> None:
    """Scale a linear layer or 1x1 convolution to outputs of mean 0 and deviation spread on an image."""
    outputs: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _layer, _inputs, output: outputs.append(output))
    picture = to_input(synthetic_picture(CALIBRATION_SIZE, seed=0), torch.device("cpu"))
    model(picture, *synthetic_text(1, model.config.text_dim))
    hook.remove()
    channels_last = outputs[0].movedim(1, -1) if outputs[0].ndim == 4 else outputs[0]
    channels = channels_last.flatten(0, -2)
    assert isinstance(layer, (nn.Linear, nn.Conv2d)) and layer.bias is not None
    scale = spread / channels.std(0)
    layer.weight.mul_(scale.view(-1, *[1] * (layer.weight.ndim - 1)))
    layer.bias.sub_(channels.mean(0)).mul_(scale)


def synthetic_text(num_classes: int, dim: int, device: str = "cpu") -> tuple[TextEmbeddings, Tensor]:
    """Return a normalised random embedding per class; no class is marked as seen."""
    embeddings = F.normalize(
        torch.randn(num_classes, dim, generator=torch.Generator().manual_seed(1)), dim=-1
    )
    groups = torch.arange(num_classes, device=device)[:, None]
    return TextEmbeddings(embeddings.to(device), groups), torch.zeros(
        num_classes, dtype=torch.bool, device=device
    )


def synthetic_picture(size: tuple[int, int], seed: int) -> np.ndarray:
    """Return patches of colour with noise, (H, W, 3) uint8."""
    random = np.random.default_rng(seed)
    patches = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    picture = cv2.resize(patches, size[::-1], interpolation=cv2.INTER_CUBIC).astype(np.int16)
    return (picture + random.integers(-12, 13, picture.shape)).clip(0, 255).astype(np.uint8)
