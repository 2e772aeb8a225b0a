"""Resolve device names."""

import torch

from .names import BackendError


def resolve_device(name: str | torch.device) -> torch.device:
    """Return the device "cpu", "cuda", "cuda:1", ..., or for "auto" CUDA if available, else the CPU.

    Raises BackendError if PyTorch cannot use the device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # PyTorch raises either for a missing device
        reason = str(error).partition("\n")[0]
        raise BackendError(f"device '{name}' cannot be used: {reason} (use cpu or auto)") from error
