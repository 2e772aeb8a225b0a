"""Train the demo model from nothing: `python -m eovseg_model.training.demo --help`."""

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from lightning_fabric import Fabric

from ..build import build_model
from ..checkpoint.loading import save_weights
from ..config import CONFIGS
from ..data.coco_panoptic import CocoPanoptic
from ..eovseg import EOVSeg
from ..simulation.catalog import TRAINED_NAMES
from .captions import CaptionLevel, caption_levels
from .loop import LoopConfig, train
from .losses import PanopticLoss
from .panoptic_step import PanopticStep
from .region_contrast import RegionContrast
from .scenes import SceneMemory

CLIP = LoopConfig(steps=2500, learning_rate=1e-3, batch_size=8)
PANOPTIC = LoopConfig(steps=10000, learning_rate=1e-3, batch_size=4)


def main() -> None:
    arguments = _parse_arguments()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    fabric = Fabric(
        accelerator="cpu", devices=arguments.processes, strategy="ddp" if arguments.processes > 1 else "auto"
    )
    fabric.launch()
    arguments.out.mkdir(parents=True, exist_ok=True)
    log = _logger(fabric, arguments.out / "train.log")
    log(f"$ {shlex.join(['python', '-m', 'eovseg_model.training.demo', *sys.argv[1:]])}")
    torch.manual_seed(arguments.seed)
    model = build_model(CONFIGS["tiny"])
    memory = SceneMemory(CocoPanoptic.from_folder(arguments.scenes))
    names = [c.name for c in memory.categories]
    levels = caption_levels(names, TRAINED_NAMES)
    log(
        f"{len(memory)} scenes, {len(names)} names, {sum(p.numel() for p in model.parameters()):,} parameters"
    )
    train_clip(fabric, model, levels, memory, arguments, log)
    train_panoptic(fabric, model, levels, memory, arguments, log)
    if fabric.is_global_zero:
        command = shlex.join(sys.argv[1:])
        save_weights(model, arguments.weights, {"variant": "tiny", "command": command}, torch.float16)
        log(f"wrote {arguments.weights}")


def train_clip(
    fabric: Fabric,
    model: EOVSeg,
    levels: tuple[CaptionLevel, ...],
    memory: SceneMemory,
    arguments: argparse.Namespace,
    log: Callable[[str], None],
) -> None:
    """Phase 1: the small CLIP (CNN, text tower, first ViT block) on captioned regions; frozen afterwards."""
    log("phase 1: CLIP on captioned regions")
    contrast = RegionContrast(model, levels)
    contrast.requires_grad_(True)
    config = replace(CLIP, steps=arguments.clip_steps)
    train(
        fabric,
        contrast,
        memory,
        config,
        arguments.seed,
        arguments.out / "clip.pt",
        log,
    )
    contrast.requires_grad_(False)


def train_panoptic(
    fabric: Fabric,
    model: EOVSeg,
    levels: tuple[CaptionLevel, ...],
    memory: SceneMemory,
    arguments: argparse.Namespace,
    log: Callable[[str], None],
) -> None:
    """Phase 2: EOV-Seg on top, its CLIP frozen as in the paper, or with the CNN trained on."""
    log(f"phase 2: EOV-Seg, CNN {'frozen' if arguments.freeze_backbone else 'trained on'}")
    model.requires_grad_(True)
    for module in (model.text_encoder, model.spatial_extractor.vit):
        module.requires_grad_(False)
    model.clip_logit_scale.requires_grad_(False)
    model.backbone.requires_grad_(not arguments.freeze_backbone)
    loss = PanopticLoss(num_points=1024)
    with torch.no_grad():
        step = PanopticStep(model, levels, loss, train_backbone=not arguments.freeze_backbone)
    config = replace(PANOPTIC, steps=arguments.steps)
    train(
        fabric,
        step,
        memory,
        config,
        arguments.seed + 1,
        arguments.out / "panoptic.pt",
        log,
    )


def _logger(fabric: Fabric, path: Path) -> Callable[[str], None]:
    start = time.monotonic()

    def log(line: str) -> None:
        if fabric.is_global_zero:
            line = f"[{(time.monotonic() - start) / 60:6.2f} min] {line}"
            print(line, flush=True)
            with path.open("a") as file:
                print(line, file=file)

    return log


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "scenes", type=Path, help="training scenes, as eovseg_model.simulation.dataset writes them"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/demo"),
        help="checkpoints and log; an interrupted run continues here",
    )
    parser.add_argument(
        "--weights", type=Path, default=Path("runs/demo/eovseg_tiny.safetensors"), help="the result"
    )
    parser.add_argument("--clip-steps", type=int, default=CLIP.steps)
    parser.add_argument("--steps", type=int, default=PANOPTIC.steps)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--freeze-backbone", action="store_true", help="keep the CNN frozen, as in the paper")
    return parser.parse_args()


if __name__ == "__main__":
    main()
