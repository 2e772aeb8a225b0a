"""Hash of a state dict."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor


def hash_weights(state_dict: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of names, shapes and values; the text cache uses it as a key."""
    digest = hashlib.sha256()
    for name in sorted(state_dict):
        value = state_dict[name].detach().cpu().contiguous()
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        digest.update(value.view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
