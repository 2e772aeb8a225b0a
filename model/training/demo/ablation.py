"""The paper's ablation (table 4) with the demo model: `python -m eovseg_model.training.demo.ablation`.

Every run trains phase 2 of the demo model with the CLIP of the finished demo model. Completed runs in the
output folder are skipped, interrupted ones are continued.
"""

import argparse
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric

from ...backends import has_bfloat16
from ...checkpoint import replacing
from ...data import CocoPanoptic
from ...inference import EOVSegPredictor
from ...network import CONFIGS, EOVSeg, build_model
from ...simulation import TRAINED_NAMES
from ..objective.losses import PanopticLoss
from .captions import caption_levels
from .loop import LoopConfig, train
from .panoptic_step import PanopticStep
from .scenes import SceneMemory
from .train import MASK_POINTS, VALIDATION_IMAGES
from .validation import measure_quality

SWITCHES: dict[str, dict[str, Any]] = {
    "VAS and TDEE": {},
    "without VAS": {"vas": False},
    "without TDEE": {"fusion": "masks"},
    "without both": {"vas": False, "fusion": "masks"},
}
SEEDS = (0, 1, 2)


class Run(NamedTuple):
    """A training run: a row of the table and a seed."""

    name: str
    seed: int

    @property
    def stem(self) -> str:
        """File name without suffix."""
        return f"{self.name.replace(' ', '_')}_{self.seed}"


def train_run(run: Run, *, scenes: Path, weights: Path | None, steps: int, out: Path) -> None:
    """Train and evaluate a run and write its quality to out, unless that exists already."""
    result = out / f"{run.stem}.json"
    if result.exists():
        return
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(run.seed)
    model = build_model(replace(CONFIGS["tiny"], **SWITCHES[run.name])).to(memory_format=torch.channels_last)
    demo = EOVSegPredictor.from_checkpoint("tiny", weights, ["wall|stuff"], device="cpu", backend="reference")
    take_clip(model, demo.model)
    memory = SceneMemory(CocoPanoptic.from_folder(scenes / "train"))
    levels = caption_levels([c.name for c in memory.categories], TRAINED_NAMES)
    step = PanopticStep(model, levels, PanopticLoss(num_points=MASK_POINTS), train_backbone=False)
    config = LoopConfig(steps=steps, learning_rate=1e-3, batch_size_per_process=4, padding=0.5)
    log = partial(_log, out / f"{run.stem}.log")
    fabric = Fabric(accelerator="cpu", precision="bf16-mixed" if has_bfloat16() else "32-true")
    train(fabric, step, memory, config, run.seed, out / f"{run.stem}.pt", log)
    quality = measure_quality(model, CocoPanoptic.from_folder(scenes / "validation"), VALIDATION_IMAGES)
    with replacing(result) as draft:
        draft.write_text(json.dumps(quality), encoding="utf-8")


def take_clip(model: EOVSeg, trained: EOVSeg) -> None:
    """Copy the frozen parts of a trained model into model."""
    for mine, theirs in zip(model.clip_modules(), trained.clip_modules(), strict=True):
        if list(mine.parameters()):
            mine.load_state_dict(theirs.state_dict())
    model.clip_logit_scale.data.copy_(trained.clip_logit_scale)


def report(out: Path) -> str:
    """Return a Markdown table of the completed runs: mean and range (minimum to maximum) over the seeds."""
    lines = ["| | seeds | PQ, trained names | PQ, kept-out names |", "|---|---|---|---|"]
    for name in SWITCHES:
        files = [out / f"{Run(name, seed).stem}.json" for seed in SEEDS]
        qualities = [json.loads(file.read_text()) for file in files if file.exists()]
        cells = [_spread([q[group] for q in qualities]) for group in ("trained names", "kept-out names")]
        lines.append(f"| {name} | {len(qualities)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    if not values:
        return "-"
    return f"{np.mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def _log(file: Path, line: str) -> None:
    with file.open("a") as stream:
        print(line, file=stream)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--scenes",
        type=Path,
        default=Path("runs/demo"),
        help="folder of rendered scenes, --out of training.demo",
    )
    parser.add_argument("--weights", type=Path, help="weights with the CLIP to use (default: the package's)")
    parser.add_argument("--steps", type=int, default=1300)
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    runs = [Run(name, seed) for seed in SEEDS for name in SWITCHES]
    work = partial(
        train_run,
        scenes=arguments.scenes,
        weights=arguments.weights,
        steps=arguments.steps,
        out=arguments.out,
    )
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.processes, mp_context=spawn) as pool:
        for run, _ in zip(runs, pool.map(work, runs), strict=True):
            print(f"{run.name}, seed {run.seed}: done", flush=True)
    print(report(arguments.out))


if __name__ == "__main__":
    main()
