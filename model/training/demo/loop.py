"""Training loop of the demo model: batches, cosine schedule and log lines."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from ..optimization.descent import Plan, StepReport, descend
from ..optimization.optimizer import make_optimizer, vectors_and_embeddings
from ..optimization.schedule import cosine
from .scenes import Batch, SceneMemory

LOG_EVERY = 50
CHECKPOINT_EVERY = 500


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """Length and optimizer of one phase; sizes are (height, width) in pixels.

    The first early_share of the steps use smaller images, which takes less than half the time.
    """

    steps: int
    learning_rate: float
    batch_size_per_process: int
    size: tuple[int, int] = (192, 256)
    early_size: tuple[int, int] = (128, 160)
    early_share: float = 0.0
    padding: float = 0.0  # probability that a side of an image is padded, as in inference
    weight_decay: float = 0.05
    muon: bool = False  # use Muon for matrices, instead of AdamW
    warm_up: int = 200
    clip_norm: float = 1.0

    def size_at(self, step: int) -> tuple[int, int]:
        """Return height and width of the images in a step, counted from 0."""
        return self.early_size if step < self.early_share * self.steps else self.size


def train(
    fabric: Fabric,
    module: nn.Module,
    memory: SceneMemory,
    config: LoopConfig,
    seed: int,
    checkpoint: Path,
    log: Callable[[str], None],
    on_checkpoint: Callable[[int], None] = lambda step: None,
) -> None:
    """Train module (Batch -> losses by name) in place; continue from checkpoint if it exists.

    on_checkpoint is called with the number of completed steps, in the first process only.
    """
    optimizer = make_optimizer(
        module,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        spared=vectors_and_embeddings(module),
        muon=config.muon,
    )

    def batches(first: int) -> Iterator[list[Batch]]:
        for step in range(first, config.steps):
            yield [fabric.to_device(draw_batch(memory, config, (seed, fabric.global_rank, step)))]

    def rate(step: int) -> float:
        return config.learning_rate * cosine(step, steps=config.steps, warm_up=config.warm_up)

    plan = Plan(config.steps, rate, config.clip_norm, CHECKPOINT_EVERY)
    descend(fabric, module, optimizer, batches, plan, checkpoint, _Lines(config.steps, log, on_checkpoint))


def draw_batch(memory: SceneMemory, config: LoopConfig, key: tuple[int, int, int]) -> Batch:
    """Return the batch of (seed, rank, step), and seed the random generators that the step uses."""
    step = key[-1]
    rng = np.random.default_rng(key)
    random.seed(int(rng.integers(2**31)))
    torch.manual_seed(int(rng.integers(2**31)))
    indices = rng.integers(len(memory), size=config.batch_size_per_process).tolist()
    return memory.batch(indices, config.size_at(step), rng, config.padding)


class _Lines:
    """Log a line every LOG_EVERY steps."""

    def __init__(self, steps: int, log: Callable[[str], None], on_checkpoint: Callable[[int], None]) -> None:
        self._steps = steps
        self._log = log
        self._on_checkpoint = on_checkpoint

    def start(self, first: int) -> None:
        self._since, self._total = time.monotonic(), 0.0

    def step(self, report: StepReport) -> None:
        self._total += torch.stack(list(report.losses.values())).sum().item()
        if report.step % LOG_EVERY:
            return
        parts = " ".join(f"{k} {v.item():.3f}" for k, v in report.losses.items())
        pace = (time.monotonic() - self._since) / LOG_EVERY
        left = (self._steps - report.step) * pace / 60
        self._log(
            f"step {report.step}/{self._steps} loss {self._total / LOG_EVERY:.3f} ({parts}) {pace:.3f} s, "
            f"{left:.0f} min left"
        )
        self.start(report.step)

    def flush(self) -> None:
        """Do nothing; lines are written at once."""

    def checkpoint(self, step: int) -> None:
        self._on_checkpoint(step)
        self.start(step)
