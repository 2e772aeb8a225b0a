"""TensorRT for NVIDIA GPUs, by torch-tensorrt 2.14 (written for; not yet run on a GPU)."""

from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from .half_precision import set_precision


class TensorRTUnavailableError(RuntimeError):
    """No torch-tensorrt or no GPU; the message says what to install."""


class TensorRTEngine:
    """A loaded engine, replayed as a CUDA graph."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network

    @torch.no_grad()
    def __call__(
        self, images: Tensor, rows: Tensor, groups: Tensor, penalty: Tensor, seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs of the program's sizes on the GPU -> class_logits, mask_logits, final_class_logits."""
        # Copies: the next replay writes over the results.
        classes, masks, final = self._network(images, rows, groups, penalty, seen)
        return classes.clone(), masks.clone(), final.clone()


def build(program: ExportedProgram, path: Path, precision: str = "fp32") -> None:
    """Compile a program that was exported on the GPU, which "fp16" changes, and write the engine to path.

    The weights are part of the engine. Raises TensorRTUnavailableError, and ValueError for a precision other
    than "fp32" and "fp16".
    """
    torch_tensorrt = _torch_tensorrt()
    set_precision(program, precision)
    assert program.example_inputs is not None
    inputs = list(program.example_inputs[0])
    compiled = torch_tensorrt.dynamo.compile(
        program, arg_inputs=inputs, immutable_weights=True, disable_tf32=precision == "fp32"
    )
    torch_tensorrt.save(compiled, str(path), output_format="exported_program", arg_inputs=inputs)


def load(path: Path) -> TensorRTEngine:
    """The engine that `build` wrote; it belongs to its GPU and to its versions. TensorRTUnavailableError."""
    torch_tensorrt = _torch_tensorrt()
    torch_tensorrt.runtime.set_cudagraphs_mode(True)
    return TensorRTEngine(torch_tensorrt.load(str(path)).module())


def check_available() -> None:
    """TensorRTUnavailableError where an engine could be neither built nor loaded."""
    _torch_tensorrt()


def _torch_tensorrt() -> ModuleType:
    try:
        import torch_tensorrt
    except ImportError as error:
        raise TensorRTUnavailableError(
            f"TensorRT needs torch-tensorrt in the version of torch: pip install torch-tensorrt ({error})"
        ) from error
    if not torch.cuda.is_available():
        raise TensorRTUnavailableError(
            "TensorRT needs an NVIDIA GPU, and a torch built for CUDA that sees it"
        )
    return torch_tensorrt
