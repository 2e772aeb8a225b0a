"""The backend that "auto" stands for."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import NamedTuple

import torch

from .engines.tensorrt_rtx_targets import TARGETS, is_target

ENGINE_PRECISIONS = ("fp32", "fp16")


class Choice(NamedTuple):
    """A backend and why it was chosen."""

    backend: str
    reason: str


def choose_backend(device: torch.device, precision: str) -> Choice:
    """TensorRT on CUDA, as torch-tensorrt or else as TensorRT for RTX, where it can be used; else torch."""
    if device.type != "cuda":
        return Choice("torch", "the model is not on a GPU")
    if precision not in ENGINE_PRECISIONS:
        return Choice("torch", f"no TensorRT engine computes in {precision}")
    if not (tensorrt := torch_tensorrt_problem()):
        return Choice("tensorrt", "torch_tensorrt and tensorrt are installed")
    if not (rtx := tensorrt_rtx_problem(device)):
        return Choice("tensorrt_rtx", f"it is installed, and the GPU is one of its targets; {tensorrt}")
    return Choice("torch", f"{tensorrt}; {rtx}")


def torch_tensorrt_problem() -> str:
    """Why the backend tensorrt cannot be used, whatever the GPU; empty if it can."""
    if not find_spec("torch_tensorrt"):
        return "torch_tensorrt is not installed (pip install torch-tensorrt)"
    try:
        version("torch_tensorrt_rtx")  # has the import name of torch-tensorrt, but other engines
    except PackageNotFoundError:
        return "" if find_spec("tensorrt") else "tensorrt is not installed (pip install tensorrt)"
    return "torch_tensorrt is that of torch_tensorrt_rtx (pip uninstall torch_tensorrt_rtx)"


def tensorrt_rtx_problem(device: torch.device) -> str:
    """Why the backend tensorrt_rtx cannot be used on a CUDA device; empty if it can."""
    if not find_spec("tensorrt_rtx"):
        return "tensorrt_rtx is not installed (pip install tensorrt-rtx)"
    capability = torch.cuda.get_device_capability(device)
    if not is_target(capability):
        has = ".".join(map(str, capability))
        return f"the GPU has compute capability {has}; engines of tensorrt_rtx are for {TARGETS}"
    return ""
