"""Weights, pictures and text to measure with: made up, but as much work as real ones."""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..build import build_model
from ..classification import TextRows
from ..config import CONFIGS
from ..eovseg import EOVSeg
from ..preprocess import to_input

MASK_CONTRAST = 8.0  # standard deviation of the mask logits that the features are scaled to, roughly
CALIBRATION_SIZE = (192, 256)
OFFSETS = 0.02  # standard deviation of the weights that make the deformable offsets


@torch.no_grad()
def synthetic_model(variant: str) -> EOVSeg:
    """Random weights whose masks each cover a part of a picture, in patches.

    Random features have a large common part, which makes every mask all or nothing: the aggregator's last
    bias takes it away. Hardly a query is void, so that fusion looks at all masks: the most work there can be.
    """
    torch.manual_seed(0)
    model = build_model(CONFIGS[variant]).requires_grad_(False)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)  # some of CLIP's start at 0
    for layer in model.aggregator.top_down:
        nn.init.normal_(layer.dcn_offset.weight, 0, OFFSETS)
    location = model.aggregator.location
    picture = synthetic_picture(CALIBRATION_SIZE, seed=0)
    features = model.aggregator(model.backbone(to_input(picture, torch.device("cpu"))))
    spread = MASK_CONTRAST / (features.std((0, 2, 3)) * features.shape[1] ** 0.5)
    location.weight *= spread.view(-1, 1, 1, 1)
    location.bias.copy_((location.bias - features.mean((0, 2, 3))) * spread)
    return model


def synthetic_text(num_rows: int, dim: int) -> tuple[TextRows, Tensor]:
    """One normalised random row a class, and no class seen in training."""
    rows = F.normalize(torch.randn(num_rows, dim, generator=torch.Generator().manual_seed(1)), dim=-1)
    return TextRows(rows, torch.arange(num_rows)[:, None]), torch.zeros(num_rows, dtype=torch.bool)


def synthetic_picture(size: tuple[int, int], seed: int) -> np.ndarray:
    """Patches of colour with some noise, (H, W, 3) uint8."""
    random = np.random.default_rng(seed)
    patches = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    picture = cv2.resize(patches, size[::-1], interpolation=cv2.INTER_CUBIC).astype(np.int16)
    return (picture + random.integers(-12, 13, picture.shape)).clip(0, 255).astype(np.uint8)
