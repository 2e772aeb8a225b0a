"""AdamW, and which parameters its weight decay spares."""

from collections.abc import Set

import torch
from torch import nn

NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm)
PUBLISHED_EMBEDDINGS = ("decoder.object_kernels", "void_row.embedding")
EMBEDDINGS = (
    "token_embedding.weight",
    "positional_embedding",
    "class_embedding",
    *PUBLISHED_EMBEDDINGS,
)


def make_optimizer(
    module: nn.Module, *, learning_rate: float, weight_decay: float, spared: Set[str]
) -> torch.optim.AdamW:
    """AdamW over what is trainable: weight_decay on all but the parameters whose names are spared."""
    trainable = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
    groups = [
        {"params": [p for name, p in trainable if name not in spared], "weight_decay": weight_decay},
        {"params": [p for name, p in trainable if name in spared], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


def norms_and_embeddings(module: nn.Module) -> set[str]:
    """What the published configuration spares; biases elsewhere, scales and offsets do decay."""
    norms = {
        f"{prefix}.{name}"
        for prefix, part in module.named_modules()
        if isinstance(part, NORMS)
        for name, _ in part.named_parameters(recurse=False)
    }
    return norms | {name for name, _ in module.named_parameters() if name.endswith(PUBLISHED_EMBEDDINGS)}


def vectors_and_embeddings(module: nn.Module) -> set[str]:
    """Norms, biases, scales and embeddings: what the training of the demo model spares."""
    return {name for name, p in module.named_parameters() if p.ndim < 2 or name.endswith(EMBEDDINGS)}
