"""Load backends by name."""

import copy
import logging
from importlib.util import find_spec

import torch
from torch import nn

from ..checkpoint import cache_folder
from ..network import EOVSeg
from .backend import Backend
from .choice import choose_backend, tensorrt_rtx_problem, torch_tensorrt_problem
from .engine_backend import EngineBackend
from .engines.build_runner import NICENESS, BuildRunner
from .engines.engine_cache import EngineCache
from .engines.engine_key import describe_weights
from .engines.makers import find_maker
from .names import BACKENDS, DEFAULT_PRECISION, BackendError, has_bfloat16
from .status import BackendStatus
from .torch_backend import TorchBackend

_GPU_PRECISIONS = ("fp32", "tf32", "fp16", "bf16")
_HAS: dict[str, dict[str, tuple[str, ...]]] = {  # precisions by backend and kind of device
    "torch": {"cpu": ("fp32", "bf16", "int8"), "cuda": _GPU_PRECISIONS},
    "compile": {"cpu": ("fp32",), "cuda": _GPU_PRECISIONS},
    "openvino": {"cpu": ("fp32", "bf16")},
    "onnxruntime": {"cpu": ("fp32",)},
    "tensorrt": {"cuda": ("fp32", "fp16")},
    "tensorrt_rtx": {"cuda": ("fp32", "fp16")},
    "reference": {"cpu": ("fp32",), "cuda": ("fp32",)},
}
_NATIVE_BF16 = (8, 0)  # compute capability; GPUs before it emulate bfloat16, which is slow
_PACKAGES = {
    "openvino": ("openvino",),
    "onnxruntime": ("onnxruntime", "onnxscript"),
}
_NVIDIA = ("tensorrt", "tensorrt_rtx")

_logger = logging.getLogger(__name__)


def load_backend(
    name: str,
    model: EOVSeg,
    precision: str = DEFAULT_PRECISION,
    *,
    patient: bool = False,
    parallel_calls: int = 1,
) -> Backend:
    """Return a backend that runs model, which it may change in place; "reference" is the unchanged model.

    "auto" is TensorRT on a GPU if it can be used, else torch; the log gives the reason. patient is that of
    EngineBackend. parallel_calls is the maximum of concurrent calls of OpenVINO; others need no limit. Raises
    BackendError for an unknown name or precision, or if the backend cannot be used.
    """
    name = check_backend(name, precision, model.device)
    if name == "reference":
        return model
    if name == "torch":
        return TorchBackend(model, precision)
    maker = find_maker(name, precision, model.device, parallel_calls)
    weights = describe_weights(model)
    unchanged = copy.deepcopy(model, {id(model.text_encoder): nn.Identity()}).eval()
    return EngineBackend(
        model=unchanged,
        maker=maker,
        weights=weights,
        precision=precision,
        cache=EngineCache(cache_folder()),
        runner=BuildRunner(niceness=0 if patient else NICENESS),  # who waits runs no frames meanwhile
        torch_backend=TorchBackend(model, precision),
        patient=patient,
    )


def backend_status(backend: Backend) -> BackendStatus:
    """Return a snapshot of the backend's state. Thread-safe."""
    status = getattr(backend, "status", None)
    if isinstance(status, BackendStatus):
        return status
    return BackendStatus(backend="reference", precision="fp32", serving="reference")


def close_backend(backend: Backend) -> None:
    """End the process that builds an engine, if there is one; for a backend that is no longer used."""
    if isinstance(backend, EngineBackend):
        backend.close()


def check_backend(name: str, precision: str, device: torch.device | str) -> str:
    """Return the backend's name, with "auto" resolved. Raises BackendError if it cannot be used on device."""
    device, why = torch.device(device), ""
    if name == "auto":
        name, reason = choose_backend(device, precision)
        why = f" (auto chose {name}: {reason})"
        if device.type == "cuda":
            _logger.info("backend auto on %s selects %s: %s", device, name, reason)
    if name not in _HAS:
        raise BackendError(f"unknown backend {name!r}; choose from: {', '.join(BACKENDS)}")
    _check_precision(name, precision, device, why)
    if name in _NVIDIA:
        _check_tensorrt(name, device)
    if name in ("openvino", "onnxruntime") and device.type != "cpu":
        raise BackendError(f"backend {name} supports only CPUs; got device {device}")
    for package in _PACKAGES.get(name, ()):
        if not find_spec(package):
            raise BackendError(f"backend {name} needs the package {package}: pip install {package}")
    return name


def _check_tensorrt(name: str, device: torch.device) -> None:
    if device.type != "cuda":
        raise BackendError(f"backend {name} needs an NVIDIA GPU; got device {device}")
    if problem := torch_tensorrt_problem() if name == "tensorrt" else tensorrt_rtx_problem(device):
        raise BackendError(f"backend {name} cannot be used: {problem}")


def _check_precision(name: str, precision: str, device: torch.device, why: str) -> None:
    kind = "cuda" if device.type == "cuda" else "cpu"
    of_backend = _HAS[name]
    has = of_backend.get(kind) or next(iter(of_backend.values()))  # of another device, which is refused next
    if precision not in has:
        where = "a CPU" if kind == "cuda" else "an NVIDIA GPU"
        elsewhere = any(precision in precisions for precisions in of_backend.values())
        hint = f" ({precision} needs {where}; the device is {device})" if elsewhere else ""
        choices = ", ".join(has)
        raise BackendError(
            f"backend {name} does not support precision {precision!r}; choose from: {choices}{hint}{why}"
        )
    if kind == "cpu" and precision in ("bf16", "int8"):
        _check_low_precision(precision)
    if kind == "cuda" and precision == "bf16" and torch.cuda.get_device_capability(device) < _NATIVE_BF16:
        raise BackendError(f"bf16 needs a GPU of compute capability 8.0 or later; use fp16 on {device}")


def _check_low_precision(precision: str) -> None:
    if not has_bfloat16():
        raise BackendError(f"{precision} needs a CPU on which PyTorch supports bfloat16; use fp32")
    if precision == "int8" and not torch.cpu._is_vnni_supported():
        raise BackendError(
            "int8 needs a CPU with VNNI, because sums overflow without it; use fp32 or bf16 on this CPU"
        )
