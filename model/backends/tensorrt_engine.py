"""The network as a TensorRT engine, built and run by torch-tensorrt 2.14. Not yet tested on a GPU."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.export import ExportedProgram

from ..export import set_precision
from .engines.captured_engine import CapturedEngine
from .names import BackendError


class TensorRTError(BackendError):
    """Raised if TensorRT cannot be used; the message says what is missing."""


def require_tensorrt() -> None:
    """Raise TensorRTError unless torch_tensorrt, tensorrt and a CUDA device are available."""
    missing = [name for name in ("torch_tensorrt", "tensorrt") if importlib.util.find_spec(name) is None]
    if missing:
        raise TensorRTError(f"TensorRT needs {' and '.join(missing)}: pip install torch-tensorrt==2.14.*")
    if not torch.cuda.is_available():
        raise TensorRTError(
            "TensorRT needs an NVIDIA GPU and PyTorch with CUDA; PyTorch finds no CUDA device"
        )


def build(program: ExportedProgram, path: Path, precision: str = "fp32") -> None:
    """Compile a program whose weights and example inputs are on a CUDA device, and write it to path.

    "fp16" inserts half precision into the program; "fp32" also disables TF32. Raises ValueError for an
    unknown precision, TensorRTError if TensorRT cannot be used.
    """
    set_precision(program, precision)
    require_tensorrt()
    import torch_tensorrt

    arguments, _ = program.example_inputs
    device = arguments[0].device
    with torch.cuda.device(device):  # other threads would use device 0
        compiled = torch_tensorrt.dynamo.compile(
            program,
            arg_inputs=list(arguments),
            device=device,
            immutable_weights=True,
            require_full_compilation=True,
            disable_tf32=precision == "fp32",
        )
        torch_tensorrt.save(compiled, str(path), arg_inputs=list(arguments))


def load(path: Path) -> Callable[..., tuple[Tensor, ...]]:
    """Load an engine of `build` on the current device, run as a CUDA graph.

    Inputs and outputs are those of the exported program. Raises TensorRTError if TensorRT cannot be used.
    """
    require_tensorrt()
    import torch_tensorrt

    return CapturedEngine(torch_tensorrt.load(str(path)).module())
