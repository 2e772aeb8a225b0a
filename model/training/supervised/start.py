"""Initial model of a training: CLIP's weights in the frozen parts, or a checkpoint."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ...checkpoint import load_clip, load_weights, matching, read_state_dict
from ...inference import DEMO_WEIGHTS
from ...network import CONFIGS, EOVSeg, build_model
from .initialisation import initialise

CLIP_PARTS = ("backbone.", "text_encoder.", "spatial_extractor.vit.", "clip_logit_scale")


def new_model(variant: str, checkpoint: Path | None, seed: int) -> EOVSeg:
    """Return a network to train, with its two CLIPs frozen.

    checkpoint initialises all weights; None means CLIP's only, from open_clip's download or, for tiny, from
    the package's weights. Raises CheckpointError.
    """
    config = CONFIGS[variant]
    torch.manual_seed(seed)
    model = build_model(config)
    initialise(model)
    if checkpoint:
        load_weights(model, read_state_dict(checkpoint), str(checkpoint))
    elif config.open_clip:
        load_clip(model, config.open_clip)
    else:
        clips = _clip_parts(read_state_dict(DEMO_WEIGHTS))
        expected = _clip_parts(model.state_dict())
        model.load_state_dict(matching(clips, expected, str(DEMO_WEIGHTS)), strict=False)
    return model


def _clip_parts(entries: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in entries.items() if name.startswith(CLIP_PARTS)}
