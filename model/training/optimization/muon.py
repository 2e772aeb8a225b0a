"""Muon: momentum whose singular values are all brought near 1 (Jordan et al. 2024), AdamW for the rest."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

QUINTIC = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
MOMENTUM = 0.95
ADAM_RMS = 0.2  # usual root mean square of an update of AdamW, which those of Muon get (Liu et al. 2025)


class Muon(torch.optim.AdamW):
    """AdamW, but for groups with "orthogonal": True: matrices, or taken as such, first dimension by the rest.

    In float32, where `torch.optim.Muon` needs a device that is fast in bfloat16, and knows no convolutions.
    One learning rate serves both kinds of groups. Processes that train together share the work.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], *, lr: float) -> None:
        super().__init__([{"orthogonal": False, **group} for group in groups], lr=lr, fused=True)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # takes no closure
        """Update every parameter that has a gradient; those of the orthogonal groups are None afterwards."""
        for group in self.param_groups:
            if group["orthogonal"]:
                self._step_matrices(group)
        super().step()  # passes over parameters without a gradient

    def _step_matrices(self, group: dict[str, Any]) -> None:
        parameters = [p for p in group["params"] if p.grad is not None]
        if not parameters:
            return
        updates = _orthogonalise_all([self._momentum(p) for p in parameters])
        for parameter, update in zip(parameters, updates, strict=True):
            scale = ADAM_RMS * max(update.shape) ** 0.5
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(update.view_as(parameter), alpha=-group["lr"] * scale)
            parameter.grad = None

    def _momentum(self, parameter: Tensor) -> Tensor:
        """Nesterov momentum of a parameter's gradient, as a matrix."""
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
            state["step"] = torch.tensor(0.0)  # which AdamW looks for when a state is loaded
        buffer: Tensor = state["momentum_buffer"]
        buffer.lerp_(gradient, 1 - MOMENTUM)
        return gradient.lerp(buffer, MOMENTUM).flatten(1)


def orthogonalise(matrices: Tensor) -> Tensor:
    """Singular values near 1, singular vectors as before: (M, R, C) -> (M, R, C).

    Newton-Schulz iterations with a quintic, on the smaller of the two Gram matrices. Singular values of more
    than a hundredth of the matrix's norm come to between 0.65 and 1.2.
    """
    if matrices.shape[1] > matrices.shape[2]:
        return orthogonalise(matrices.mT).mT
    x = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = QUINTIC
    gram = x @ x.mT
    identity = torch.eye(gram.shape[-1], device=x.device)
    product = identity.expand_as(gram)
    for _ in range(ITERATIONS):
        polynomial = torch.baddbmm(a * identity + b * gram, gram, gram, alpha=c)
        product = polynomial @ product
        gram = polynomial @ gram @ polynomial
    return product @ x


def _orthogonalise_all(matrices: list[Tensor]) -> list[Tensor]:
    """Those of one shape at once; each process its share, and all get all."""
    shared = dist.is_available() and dist.is_initialized()
    world, rank = (dist.get_world_size(), dist.get_rank()) if shared else (1, 0)
    sizes = [m.numel() for m in matrices]
    flat = torch.zeros(sum(sizes), device=matrices[0].device)
    out = [part.view_as(m) for part, m in zip(flat.split(sizes), matrices, strict=True)]
    shapes: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for index in range(rank, len(matrices), world):
        shapes[tuple(matrices[index].shape)].append(index)
    for indices in shapes.values():
        for index, result in zip(
            indices, orthogonalise(torch.stack([matrices[i] for i in indices])), strict=True
        ):
            out[index].copy_(result)
    if world > 1:
        dist.all_reduce(flat)
    return out
