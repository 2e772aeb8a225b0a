"""Training loop: gradients, clipping, learning rate, and checkpoints to resume from."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ...checkpoint import replacing


class Plan(NamedTuple):
    """Number of steps, learning rate by step (from 0), maximum gradient norm, steps between checkpoints."""

    steps: int
    rate: Callable[[int], float]
    clip_norm: float
    checkpoint_every: int


class StepReport(NamedTuple):
    """Completed steps, losses by name, norm of all gradients before clipping, learning rate."""

    step: int
    losses: dict[str, Tensor]
    gradient_norm: Tensor
    rate: float


class Observer(Protocol):
    """Callbacks of a training, called in the first process only."""

    def start(self, first: int) -> None:
        """Called before the first step; first is the number of steps of earlier runs."""

    def step(self, report: StepReport) -> None:
        """Called after every step."""

    def flush(self) -> None:
        """Called before every checkpoint; a run that resumes from it does not report these steps again."""

    def checkpoint(self, step: int) -> None:
        """Called after every checkpoint, while the other processes wait."""


def descend(
    fabric: Fabric,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Callable[[int], Iterator[Sequence[Any]]],
    plan: Plan,
    checkpoint: Path,
    observer: Observer,
) -> None:
    """Train module (batch -> losses by name) in place; resume from checkpoint if it exists.

    batches(first) yields the batches of each step, starting at step first; gradients of several batches in a
    step are averaged. It must seed the random generators, whose state is not in the checkpoint.
    """
    wrapped, optimizer = fabric.setup(module, optimizer)
    first = _resume(fabric, module, optimizer, checkpoint)
    wrapped.train()
    if fabric.is_global_zero:
        observer.start(first)
    for step, parts in zip(range(first, plan.steps), batches(first), strict=False):
        rate = plan.rate(step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        losses = _backward(fabric, wrapped, parts)
        norm = fabric.clip_gradients(wrapped, optimizer, max_norm=plan.clip_norm)
        assert norm is not None
        optimizer.step()
        if fabric.is_global_zero:
            observer.step(StepReport(step + 1, losses, norm, rate))
        if (step + 1) % plan.checkpoint_every == 0 or step + 1 == plan.steps:
            if fabric.is_global_zero:
                observer.flush()
            _save(fabric, module, optimizer, step + 1, checkpoint)
            if fabric.is_global_zero:
                observer.checkpoint(step + 1)
            fabric.barrier()
            wrapped.train()
    module.eval()


def _backward(fabric: Fabric, wrapped: Any, parts: Sequence[Any]) -> dict[str, Tensor]:
    """Accumulate the gradients; return the mean losses."""
    means: dict[str, Tensor] = {}
    for i, part in enumerate(parts):
        with fabric.no_backward_sync(wrapped, enabled=i + 1 < len(parts)):
            losses: dict[str, Tensor] = wrapped(part)
            fabric.backward(torch.stack(list(losses.values())).sum() / len(parts))
        for name, value in losses.items():
            means[name] = means.get(name, 0) + value.detach() / len(parts)
    return means


def _save(fabric: Fabric, module: nn.Module, optimizer: torch.optim.Optimizer, step: int, path: Path) -> None:
    if fabric.is_global_zero:
        state = {"module": module.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        with replacing(path) as draft:
            torch.save(state, draft)
    fabric.barrier()


def _resume(fabric: Fabric, module: nn.Module, optimizer: torch.optim.Optimizer, path: Path) -> int:
    """Load the checkpoint; return the completed steps. Raises RuntimeError if only some machines see it."""
    if fabric.broadcast(path.exists()) != path.exists():
        raise RuntimeError(
            f"{path} exists for only some processes; all machines must share the output folder"
        )
    if not path.exists():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    module.load_state_dict(state["module"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]
