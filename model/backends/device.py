"""The device that a name stands for."""

import torch

from .names import BackendError


def resolve_device(name: str | torch.device) -> torch.device:
    """The device named "cpu", "cuda", "cuda:1", ..., or "auto": CUDA where there is some, else the CPU.

    Raises BackendError for a device that PyTorch cannot use here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # PyTorch raises either for a device that is not there
        reason = str(error).partition("\n")[0]
        raise BackendError(f"device '{name}' cannot be used: {reason} (use cpu or auto)") from error
