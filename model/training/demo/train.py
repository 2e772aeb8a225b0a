"""Train the demo model from scratch: `python -m eovseg_model.training.demo --help`."""

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import nn

from ...checkpoint import enable_malloc_options, save_weights
from ...data import CocoPanoptic
from ...network import CONFIGS, EOVSeg, ResNetBackbone, VocabularyAwareSelection, build_model
from ...simulation import DEFAULT, TRAINED_NAMES
from ...simulation import TRAINING as TRAINING_SEEDS
from ...simulation import VALIDATION as VALIDATION_SEEDS
from ..objective.losses import PanopticLoss
from .captions import CaptionLevel, caption_levels
from .known_tokens import only_known_tokens
from .loop import LoopConfig, train
from .panoptic_step import PanopticStep
from .region_contrast import RegionContrast
from .scenes import SceneMemory
from .validation import Validation

# Two cores without bfloat16 complete this in less than 90 minutes.
SCENES = 4000
CLIP = LoopConfig(steps=2900, learning_rate=1e-3, batch_size_per_process=8, early_share=0.7, muon=True)
PANOPTIC = LoopConfig(steps=4300, learning_rate=2e-3, batch_size_per_process=4, padding=0.5, muon=True)
VALIDATION_IMAGES = 100
MASK_POINTS = 1024  # sample points for the mask losses


def main() -> None:
    enable_malloc_options()
    arguments = _parse_arguments()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    fabric = Fabric(
        accelerator="cpu",
        devices=arguments.processes,
        strategy="ddp" if arguments.processes > 1 else "auto",
    )
    fabric.launch()
    arguments.out.mkdir(parents=True, exist_ok=True)
    log = _logger(fabric, arguments.out / "train.log")
    log(f"$ {shlex.join(['python', '-m', 'eovseg_model.training.demo', *sys.argv[1:]])}")
    if fabric.is_global_zero:
        render_scenes(arguments.out, arguments.scenes, log)
    fabric.barrier()
    torch.manual_seed(arguments.seed)
    model = new_demo_model()
    memory = SceneMemory(CocoPanoptic.from_folder(arguments.out / "train"))
    levels = caption_levels([c.name for c in memory.categories], TRAINED_NAMES)
    validation = Validation(
        model, CocoPanoptic.from_folder(arguments.out / "validation"), VALIDATION_IMAGES, log
    )
    parameters = sum(p.numel() for p in model.parameters())
    log(f"{len(memory)} images, {parameters:,} parameters")
    train_clip(fabric, model, levels, memory, arguments, log, validation)
    train_panoptic(fabric, model, levels, memory, arguments, log, validation)
    if fabric.is_global_zero:
        command = shlex.join(sys.argv[1:])
        save_weights(model, arguments.weights, {"variant": "tiny", "command": command}, torch.float16)
        log(f"wrote {arguments.weights}")


def new_demo_model() -> EOVSeg:
    """Return a new demo model whose initial values make a network of this size learn faster.

    Residual branches start at 1 (open_clip: 0). Vocabulary-Aware Selection starts with an offset of 1: the
    largest of many nearly equal weights alone would suppress the features.
    """
    model = build_model(CONFIGS["tiny"])
    for name, parameter in model.backbone.named_parameters():
        if name.endswith("bn3.weight"):
            nn.init.ones_(parameter)
    assert isinstance(model.vas, VocabularyAwareSelection)
    nn.init.ones_(model.vas.offset)
    return model.to(memory_format=torch.channels_last)


def render_scenes(out: Path, scenes: int, log: Callable[[str], None]) -> None:
    """Render the training and the validation set unless they exist. Raises PyBulletMissing."""
    from ...simulation import DatasetSettings, write_dataset

    log(f"rendering {scenes} training scenes with 2 images each and {VALIDATION_IMAGES} validation scenes")
    training = DatasetSettings(
        scenes=scenes, seed=TRAINING_SEEDS.start, views=2, width=320, height=240, config=DEFAULT
    )
    validation = replace(
        training,
        scenes=VALIDATION_IMAGES,
        seed=VALIDATION_SEEDS.start,
        views=1,
        config=replace(DEFAULT, include_kept_out=True),
    )
    write_dataset(out / "train", training, workers=2)
    write_dataset(out / "validation", validation, workers=2)


def train_clip(
    fabric: Fabric,
    model: EOVSeg,
    levels: tuple[CaptionLevel, ...],
    memory: SceneMemory,
    arguments: argparse.Namespace,
    log: Callable[[str], None],
    validation: Validation,
) -> None:
    """Phase 1: train CLIP (CNN, text tower, first ViT block) on captioned regions, then freeze it."""
    log("phase 1: CLIP on captioned regions")
    config = replace(CLIP, steps=arguments.clip_steps)
    names = [name for level in levels for synonyms in level.classes for name in synonyms]
    with only_known_tokens(model.text_encoder, [*names, *validation.names]):
        contrast = clip_module(model, levels)
        train(
            fabric,
            contrast,
            memory,
            config,
            arguments.seed,
            arguments.out / "clip.pt",
            log,
            validation.report_naming,
        )
    contrast.requires_grad_(False)


def train_panoptic(
    fabric: Fabric,
    model: EOVSeg,
    levels: tuple[CaptionLevel, ...],
    memory: SceneMemory,
    arguments: argparse.Namespace,
    log: Callable[[str], None],
    validation: Validation,
) -> None:
    """Phase 2: train EOV-Seg, with CLIP frozen as in the paper, or with the CNN trained as well."""
    log(f"phase 2: EOV-Seg, CNN {'trained' if arguments.train_backbone else 'frozen'}")
    step = panoptic_module(model, levels, train_backbone=arguments.train_backbone)
    config = replace(PANOPTIC, steps=arguments.steps)
    train(
        fabric,
        step,
        memory,
        config,
        arguments.seed + 1,
        arguments.out / "panoptic.pt",
        log,
        validation.report_quality,
    )


def clip_module(model: EOVSeg, levels: tuple[CaptionLevel, ...]) -> RegionContrast:
    """Return the module of phase 1; all of it is trained."""
    contrast = RegionContrast(model, levels).requires_grad_(True)
    _fix_key_bias(model)
    return contrast


def panoptic_module(
    model: EOVSeg, levels: tuple[CaptionLevel, ...], *, train_backbone: bool, num_points: int = MASK_POINTS
) -> PanopticStep:
    """Return the module of phase 2; CLIP is frozen, except its CNN if train_backbone is true."""
    model.requires_grad_(True)
    for module in (model.text_encoder, model.spatial_extractor.vit):
        module.requires_grad_(False)
    model.clip_logit_scale.requires_grad_(False)
    model.backbone.requires_grad_(train_backbone)
    _fix_key_bias(model)
    with torch.no_grad():
        return PanopticStep(model, levels, PanopticLoss(num_points=num_points), train_backbone=train_backbone)


def _fix_key_bias(model: EOVSeg) -> None:
    """Freeze the key bias of the attention pool: it never has a gradient, for which DDP would wait."""
    assert isinstance(model.backbone, ResNetBackbone)
    model.backbone.tower.attnpool.k_proj.bias.requires_grad_(False)


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
        "--out",
        type=Path,
        default=Path("runs/demo"),
        help="folder for scenes, checkpoints and log; an interrupted run is continued",
    )
    parser.add_argument("--scenes", type=int, default=SCENES, help="number of training scenes to render")
    parser.add_argument(
        "--weights", type=Path, default=Path("runs/demo/eovseg_tiny.safetensors"), help="output weights file"
    )
    parser.add_argument("--clip-steps", type=int, default=CLIP.steps)
    parser.add_argument("--steps", type=int, default=PANOPTIC.steps)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--train-backbone", action="store_true", help="train the CNN in phase 2, too (the paper freezes it)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
