"""The backends by their names."""

from ..eovseg import EOVSeg
from .backend import Backend
from .torch_backend import TorchBackend

BACKENDS = ("torch", "plain")
PRECISIONS = ("fp32", "bf16")


def load_backend(name: str, model: EOVSeg, precision: str = "fp32") -> Backend:
    """A backend that runs model, which it may change in place; "plain" is model as it is.

    Raises ValueError for a name or a precision that there is not.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"backend {name} has no precision {precision!r}; it has: {', '.join(PRECISIONS)}")
    if name == "plain":
        return model
    if name == "torch":
        return TorchBackend(model, precision)
    raise ValueError(f"unknown backend {name!r}; there are: {', '.join(BACKENDS)}")
