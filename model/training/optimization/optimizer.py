"""Optimizers: AdamW or Muon, and the parameters without weight decay."""

from collections.abc import Set

import torch
from torch import Tensor, nn

from .muon import Muon

NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm)
PUBLISHED_EMBEDDINGS = ("decoder.object_kernels", "void_row.embedding")
EMBEDDINGS = (
    "token_embedding.weight",
    "positional_embedding",
    "class_embedding",
    *PUBLISHED_EMBEDDINGS,
)


def make_optimizer(
    module: nn.Module, *, learning_rate: float, weight_decay: float, spared: Set[str], muon: bool = False
) -> torch.optim.AdamW:
    """Return AdamW for the trainable parameters, with weight_decay for all but the spared names.

    With muon, decaying matrices get Muon's updates.
    """
    trainable = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
    decaying = [p for name, p in trainable if name not in spared]
    spared_group = {"params": [p for name, p in trainable if name in spared], "weight_decay": 0.0}
    if not muon:
        groups = [{"params": decaying, "weight_decay": weight_decay}, spared_group]
        return torch.optim.AdamW(groups, lr=learning_rate, fused=True)
    groups = [
        {
            "params": [p for p in decaying if _is_matrix(p) is matrices],
            "weight_decay": weight_decay,
            "orthogonal": matrices,
        }
        for matrices in (True, False)
    ]
    return Muon([*groups, spared_group], lr=learning_rate)


def _is_matrix(parameter: Tensor) -> bool:
    """Return whether a parameter mixes channels, unlike depthwise filters or fewer than four channels."""
    return parameter.ndim >= 2 and min(parameter.shape[:2]) >= 4


def norms_and_embeddings(module: nn.Module) -> set[str]:
    """Return the names that the published configuration spares; other biases, scales and offsets decay."""
    norms = {
        f"{prefix}.{name}"
        for prefix, part in module.named_modules()
        if isinstance(part, NORMS)
        for name, _ in part.named_parameters(recurse=False)
    }
    return norms | {name for name, _ in module.named_parameters() if name.endswith(PUBLISHED_EMBEDDINGS)}


def vectors_and_embeddings(module: nn.Module) -> set[str]:
    """Return the names that the demo model's training spares: norms, biases, scales and embeddings."""
    return {name for name, p in module.named_parameters() if p.ndim < 2 or name.endswith(EMBEDDINGS)}
