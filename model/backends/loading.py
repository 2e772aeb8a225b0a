"""Load backends by name."""

import copy
from importlib.util import find_spec

import torch
from torch import nn

from ..checkpoint import cache_folder, hash_weights
from ..network import EOVSeg
from .backend import Backend
from .engine_backend import EngineBackend
from .engines.engine import EngineMaker
from .engines.engine_cache import EngineCache
from .names import BACKENDS, DEFAULT_PRECISION, BackendError, has_bfloat16
from .status import BackendStatus
from .torch_backend import TorchBackend

_HAS = {
    "torch": ("fp32", "bf16", "int8"),
    "compile": ("fp32",),
    "openvino": ("fp32", "bf16"),
    "onnxruntime": ("fp32",),
    "tensorrt": ("fp32", "fp16"),
    "reference": ("fp32",),
}
_PACKAGES = {
    "openvino": ("openvino",),
    "onnxruntime": ("onnxruntime", "onnxscript"),
    "tensorrt": ("torch_tensorrt",),
}


def load_backend(
    name: str,
    model: EOVSeg,
    precision: str = DEFAULT_PRECISION,
    *,
    patient: bool = False,
    parallel_calls: int = 1,
) -> Backend:
    """A backend that runs model, which it may change in place; "reference" is model as it was trained.

    "auto" is TensorRT where there are CUDA and torch_tensorrt, else torch. patient is EngineBackend's,
    parallel_calls the most that OpenVINO works on at the same time; elsewhere it needs no number. Raises
    BackendError for a name or a precision that there is not, and for a package that is missing.
    """
    name = check_backend(name, precision, model.device.type)
    if name == "reference":
        return model
    if name == "torch":
        return TorchBackend(model, precision)
    maker = _engine_maker(name, precision, model.device, parallel_calls)
    weights = f"{model.config} {hash_weights(model.state_dict())}"
    unchanged = copy.deepcopy(model, {id(model.text_encoder): nn.Identity()}).eval()
    return EngineBackend(
        model=unchanged,
        maker=maker,
        weights=weights,
        precision=precision,
        cache=EngineCache(cache_folder()),
        torch_backend=TorchBackend(model, "bf16" if precision == "bf16" else "fp32"),
        patient=patient,
    )


def backend_status(backend: Backend) -> BackendStatus:
    """Return a snapshot of the backend's state. Thread-safe."""
    if isinstance(backend, (EngineBackend, TorchBackend)):
        return backend.status
    return BackendStatus(backend="reference", precision="fp32", serving="reference")


def check_backend(name: str, precision: str, device: str) -> str:
    """The backend, of which "auto" is one; BackendError for what there is not on a device of that type."""
    if name == "auto":
        name = "tensorrt" if device == "cuda" and find_spec("torch_tensorrt") else "torch"
    if name not in _HAS:
        raise BackendError(f"unknown backend {name!r}; choose from: {', '.join(BACKENDS)}")
    if precision not in _HAS[name]:
        raise BackendError(
            f"backend {name} does not support precision {precision!r}; choose from: {', '.join(_HAS[name])}"
        )
    if precision in ("bf16", "int8"):
        _check_low_precision(precision, device)
    if name == "tensorrt" and device != "cuda":
        raise BackendError(f"backend tensorrt needs an NVIDIA GPU; got device {device}")
    if name in ("openvino", "onnxruntime") and device != "cpu":
        raise BackendError(f"backend {name} supports only CPUs; got device {device}")
    for package in _PACKAGES.get(name, ()):
        if not find_spec(package):
            raise BackendError(f"backend {name} needs the package {package}: pip install {package}")
    return name


def _check_low_precision(precision: str, device: str) -> None:
    if device != "cpu":
        raise BackendError(f"precision {precision} is supported on CPUs only; use fp32 on {device}")
    if not has_bfloat16():
        raise BackendError(f"{precision} needs a CPU on which PyTorch supports bfloat16; use fp32")
    if precision == "int8" and not torch.cpu._is_vnni_supported():
        raise BackendError(
            "int8 needs a CPU with VNNI, because sums overflow without it; use fp32 or bf16 on this CPU"
        )


def _engine_maker(name: str, precision: str, device: torch.device, parallel_calls: int) -> EngineMaker:
    if name == "openvino":
        from .engines.openvino_engine import openvino_maker

        return openvino_maker(precision, parallel_calls)
    if name == "onnxruntime":
        from .engines.onnxruntime_engine import onnxruntime_maker

        return onnxruntime_maker()
    if name == "compile":
        from .engines.compile_maker import compile_maker

        return compile_maker(device)
    from .engines.tensorrt_maker import tensorrt_maker

    return tensorrt_maker(precision)
