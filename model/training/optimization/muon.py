"""Muon (Jordan et al. 2024): momentum updates with singular values near 1 for matrices, else AdamW."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

QUINTIC = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
MOMENTUM = 0.95
ADAM_RMS = 0.2  # typical RMS of AdamW's updates, to which Muon's are scaled (Liu et al. 2025)


class Muon(torch.optim.AdamW):
    """AdamW with Muon updates for parameter groups with "orthogonal": True.

    Those parameters are treated as matrices: first dimension by the product of the others. Computes in
    float32 and supports convolutions; `torch.optim.Muon` needs fast bfloat16 and supports only matrices. Both
    kinds of groups use the same learning rate. Distributed processes share the work.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], *, lr: float) -> None:
        super().__init__([{"orthogonal": False, **group} for group in groups], lr=lr, fused=True)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # takes no closure
        """Update every parameter that has a gradient; gradients of orthogonal groups are set to None."""
        for group in self.param_groups:
            if group["orthogonal"]:
                self._step_matrices(group)
        super().step()  # skips parameters without a gradient

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
        """Return the Nesterov momentum of a parameter's gradient, as a matrix."""
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
            state["step"] = torch.tensor(0.0)  # AdamW expects it when a state is loaded
        buffer: Tensor = state["momentum_buffer"]
        buffer.lerp_(gradient, 1 - MOMENTUM)
        return gradient.lerp(buffer, MOMENTUM).flatten(1)


def orthogonalise(matrices: Tensor) -> Tensor:
    """Bring singular values near 1, keeping the singular vectors: (M, R, C) -> (M, R, C).

    Uses quintic Newton-Schulz iterations on the smaller of the two Gram matrices. Singular values above a
    hundredth of the matrix norm end between 0.65 and 1.2.
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
    """Orthogonalise matrices in batches of one shape; processes share the work and all get all results."""
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
