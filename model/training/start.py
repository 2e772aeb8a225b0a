"""What a training begins with: CLIP's weights in the frozen parts, or a whole checkpoint."""

from pathlib import Path

import torch

from ..build import build_model
from ..checkpoint.clip import load_clip
from ..checkpoint.loading import load_weights, read_state_dict
from ..config import CONFIGS
from ..eovseg import EOVSeg
from ..predictor import DEMO_WEIGHTS

CLIP_PARTS = ("backbone.", "text_encoder.", "spatial_extractor.vit.", "clip_logit_scale")


def new_model(variant: str, checkpoint: Path | None, seed: int) -> EOVSeg:
    """A network ready to be trained, its two CLIPs frozen.

    All of it comes from checkpoint; without one only the CLIPs do, from open_clip's download or, for tiny,
    from the package's weights. Raises CheckpointError.
    """
    config = CONFIGS[variant]
    torch.manual_seed(seed)
    model = build_model(config)
    if checkpoint:
        load_weights(model, read_state_dict(checkpoint), str(checkpoint))
    elif config.open_clip:
        load_clip(model, config.open_clip)
    else:
        entries = read_state_dict(DEMO_WEIGHTS).items()
        clips = {name: value for name, value in entries if name.startswith(CLIP_PARTS)}
        model.load_state_dict(clips, strict=False)
    return model
