"""Count parameters and multiply-adds of each part of a variant."""

from typing import NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

from ..config import CONFIGS
from ..text.classification import TextEmbeddings
from .build import build_model

PARTS = ("backbone", "spatial_extractor", "aggregator", "vas", "decoder")

LAST_UPSAMPLING = "EOVSeg.spatial_extractor.upsampling.3"


class PartComplexity(NamedTuple):
    """A part of the network; multiply_adds is None if it runs once per name instead of once per image."""

    name: str
    parameters: int
    multiply_adds: int | None


def count(variant: str, size: tuple[int, int], num_classes: int) -> list[PartComplexity]:
    """Count the parts of a variant for an image of size (height, width) and num_classes classes of one name.

    Counts matrix products and convolutions; a multiply-add counts as one. Runs on the meta device, which
    needs no weights and hardly any time.
    """
    with torch.device("meta"):
        model = build_model(CONFIGS[variant]).requires_grad_(False)
        images = torch.empty(1, 3, *size)
        text = TextEmbeddings(
            torch.empty(num_classes, model.config.text_dim), torch.arange(num_classes)[:, None]
        )
        seen = torch.empty(num_classes, dtype=torch.bool)
    counter = FlopCounterMode(display=False)
    with counter:
        model(images, text, seen)
    flops = {name: sum(ops.values()) for name, ops in counter.get_flop_counts().items()}
    pooled = flops[LAST_UPSAMPLING]  # runs inside the decoder, which uses its result
    flops["EOVSeg.spatial_extractor"] += pooled
    flops["EOVSeg.decoder"] -= pooled
    parameters = {name: sum(p.numel() for p in getattr(model, name).parameters()) for name in PARTS}
    parts = [PartComplexity(name, parameters[name], flops.get(f"EOVSeg.{name}", 0) // 2) for name in PARTS]
    text_parameters = sum(p.numel() for p in model.text_encoder.parameters())
    everything = sum(p.numel() for p in model.parameters())
    rest = everything - text_parameters - sum(parameters.values())
    rest_flops = flops["Global"] // 2 - sum(p.multiply_adds or 0 for p in parts)
    parts.append(PartComplexity("classification", rest, rest_flops))
    parts.append(PartComplexity("text_encoder", text_parameters, None))
    return parts
