"""What the check runs on."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from .part import Part
from .setting import Setting

PACKAGES = (
    *("eovseg_model", "torch", "torchvision", "triton", "torch_tensorrt", "torch_tensorrt_rtx", "tensorrt"),
    *("tensorrt_rtx", "onnx", "onnxscript", "numpy", "open_clip_torch", "timm"),
)
QUERY = ("driver_version", "power.limit", "clocks.max.sm", "pcie.link.gen.current", "utilization.gpu")
ABSENT = "not installed"


def describe_environment(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Return the machine, the GPU and the versions, as text."""
    found = {
        "device": str(device),
        "Python": platform.python_version(),
        "system": platform.platform(),
        "CPU": f"{_cpu_name()}, {os.cpu_count()} threads",
    }
    if device.type == "cuda":
        found |= _describe_gpu(device)
    return {"machine": found, "packages": {name: _version(name) for name in PACKAGES}}


def _describe_gpu(device: torch.device) -> dict[str, str]:
    properties = torch.cuda.get_device_properties(device)
    answers = _ask_nvidia_smi(device)
    return {
        "GPU": torch.cuda.get_device_name(device),
        "compute capability": ".".join(map(str, torch.cuda.get_device_capability(device))),
        "GPU memory": f"{properties.total_memory / 1e9:.1f} GB",
        "multiprocessors": str(properties.multi_processor_count),
        "CUDA of PyTorch": str(torch.version.cuda),
        "cuDNN": str(torch.backends.cudnn.version()),
        "driver": answers.pop("driver_version", "") or _driver() or "unknown",
        **{name.replace(".", " "): value for name, value in answers.items()},
    }


def _ask_nvidia_smi(device: torch.device) -> dict[str, str]:
    """Empty where there is no nvidia-smi, for example on a Jetson."""
    chosen = torch.cuda.get_device_properties(device)
    which = getattr(chosen, "uuid", None)
    command = ["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader"]
    if which is not None:
        command.append(f"--id=GPU-{str(which).removeprefix('GPU-')}")
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = answer.strip().splitlines() or [""]
    values = [value.strip() for value in lines[0].split(",")]
    return dict(zip(QUERY, values, strict=True)) if len(values) == len(QUERY) else {}


def _driver() -> str:
    try:
        return Path("/proc/driver/nvidia/version").read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError):
        return ""


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ABSENT
