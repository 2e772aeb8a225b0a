"""A training loop that survives a kill: steps, cosine schedule, checkpoints, log lines."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from .scenes import Batch, SceneMemory

LOG_EVERY = 50
CHECKPOINT_EVERY = 500
EMBEDDINGS = (
    "token_embedding.weight",
    "positional_embedding",
    "class_embedding",
    "object_kernels",
    "void_row.embedding",
)


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """How long and how fast one phase trains; batch_size is per process, size (height, width) in pixels."""

    steps: int
    learning_rate: float
    batch_size: int
    size: tuple[int, int] = (192, 256)
    weight_decay: float = 0.05
    warm_up: int = 200
    clip_norm: float = 1.0


def make_optimizer(module: nn.Module, config: LoopConfig) -> torch.optim.AdamW:
    """AdamW over what is trainable; no weight decay on norms, biases and embeddings."""
    decayed: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            is_plain = parameter.ndim < 2 or name.endswith(EMBEDDINGS)
            (plain if is_plain else decayed).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)


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
    """Train module (Batch -> losses by name) in place; continues from checkpoint if that exists.

    on_checkpoint is called with the number of steps done, in the first process only.
    """
    optimizer = make_optimizer(module, config)
    wrapped, optimizer = fabric.setup(module, optimizer)
    wrapped.train()
    start = _resume(module, optimizer, checkpoint)
    since, total = time.monotonic(), 0.0
    for step in range(start, config.steps):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * _schedule(step, config)
        batch = draw_batch(memory, config, (seed, fabric.global_rank, step))
        losses: dict[str, Tensor] = wrapped(batch)
        loss = torch.stack(list(losses.values())).sum()
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(wrapped, optimizer, max_norm=config.clip_norm)
        optimizer.step()
        total += loss.item()
        if (step + 1) % LOG_EVERY == 0:
            parts = " ".join(f"{k} {v.item():.3f}" for k, v in losses.items())
            pace = (time.monotonic() - since) / LOG_EVERY
            left = (config.steps - step - 1) * pace / 60
            log(
                f"step {step + 1}/{config.steps} loss {total / LOG_EVERY:.3f} ({parts}) {pace:.3f} s, "
                f"{left:.0f} min left"
            )
            since, total = time.monotonic(), 0.0
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == config.steps:
            _save(fabric, module, optimizer, step + 1, checkpoint)
            if fabric.is_global_zero:
                on_checkpoint(step + 1)
            fabric.barrier()
            wrapped.train()
            since, total = time.monotonic(), 0.0
    module.eval()


def draw_batch(memory: SceneMemory, config: LoopConfig, key: tuple[int, int, int]) -> Batch:
    """The batch of one (seed, rank, step): also seeds the generators that the step itself uses."""
    rng = np.random.default_rng(key)
    random.seed(int(rng.integers(2**31)))
    torch.manual_seed(int(rng.integers(2**31)))
    return memory.batch(rng.integers(len(memory), size=config.batch_size).tolist(), config.size, rng)


def _schedule(step: int, config: LoopConfig) -> float:
    """Linear warm-up, then half a cosine down to 0."""
    if step < config.warm_up:
        return (step + 1) / config.warm_up
    done = (step - config.warm_up) / max(1, config.steps - config.warm_up)
    return 0.5 * (1 + float(np.cos(np.pi * done)))


def _save(fabric: Fabric, module: nn.Module, optimizer: torch.optim.Optimizer, step: int, path: Path) -> None:
    if fabric.is_global_zero:
        state = {"module": module.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)
    fabric.barrier()


def _resume(module: nn.Module, optimizer: torch.optim.Optimizer, path: Path) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    module.load_state_dict(state["module"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]
