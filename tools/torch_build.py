"""Choose the build of torch: the CUDA build of several GB from PyPI, or a small CPU build."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PYPI = "pypi"  # what TORCH_INDEX says for PyPI's CUDA build on a machine without a GPU
LITTLE_PATIENCE = ("--retries", "0", "--timeout", "10")  # where there may be no way to it
# What the NVIDIA driver leaves on a machine: Linux, and Linux in Windows.
NVIDIA_FILES = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg")


class TorchBuild(NamedTuple):
    """The options for pip, why these, and the GB that all of .venv takes: to download, and on disk."""

    options: Sequence[str]
    reason: str
    download: float
    disk: float


# GB that all of .venv takes: the first is what the set-up prints at its end, the second `du -sh .venv`.
CUDA_DOWNLOAD, CUDA_DISK = 3.6, 7.3
CPU_DOWNLOAD, CPU_DISK = 0.8, 2.6
WHAT_IT_TAKES = (
    f"the first run downloads about {CPU_DOWNLOAD:g} GB with the CPU build of torch, "
    f"or {CUDA_DOWNLOAD:g} GB with the CUDA build"
)


def choose_torch(pip: Sequence[str], version: str, environment: Mapping[str, str]) -> TorchBuild:
    """Take the CPU build where there is no NVIDIA device and an index has it; TORCH_INDEX overrides.

    TORCH_INDEX is "pypi" for PyPI's CUDA build, or the address of an index to look in beside PyPI.
    """
    index = environment.get("TORCH_INDEX", "")
    if index == PYPI:
        return _cuda_build("using PyPI's CUDA build of torch (TORCH_INDEX=pypi)")
    if index:
        return _cpu_build(index, f"also looking for torch in TORCH_INDEX={index}")
    if has_nvidia_device():
        return _cuda_build("using PyPI's CUDA build of torch: this machine has an NVIDIA device")
    reason = "using the CPU build of torch: no NVIDIA device found (TORCH_INDEX=pypi selects the CUDA build)"
    if offers_cpu_build(pip, version, environment):
        return TorchBuild((), reason, CPU_DOWNLOAD, CPU_DISK)
    if offers_cpu_build([*pip, *LITTLE_PATIENCE], version, environment, CPU_INDEX):
        return _cpu_build(CPU_INDEX, reason)
    return _cuda_build(
        f"using PyPI's CUDA build of torch: no reachable index has the CPU build of {version} (tried "
        f"{CPU_INDEX}; TORCH_INDEX=URL selects another index)"
    )


def has_nvidia_device() -> bool:
    """Whether an NVIDIA driver is there."""
    return any(os.path.exists(path) for path in NVIDIA_FILES) or bool(shutil.which("nvidia-smi"))


def offers_cpu_build(
    pip: Sequence[str], version: str, environment: Mapping[str, str], index: str = ""
) -> bool:
    """Whether the indices that pip is configured for, or this one, have this version of torch for CPUs."""
    command = [*pip, "index", "versions", "torch", *(["--extra-index-url", index] if index else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return f"{version}+cpu" in done.stdout.replace(",", " ").split()


def _cuda_build(reason: str) -> TorchBuild:
    return TorchBuild((), reason, CUDA_DOWNLOAD, CUDA_DISK)


def _cpu_build(index: str, reason: str) -> TorchBuild:
    return TorchBuild(("--extra-index-url", index), reason, CPU_DOWNLOAD, CPU_DISK)
