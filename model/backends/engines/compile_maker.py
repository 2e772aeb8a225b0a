"""torch.compile's ahead-of-time form: a compiled graph in one file."""

import platform
from pathlib import Path

import torch

from ...export import export_program
from ...network import EOVSeg
from .engine import Engine, EngineMaker
from .shape import EngineShape

FILE = "network.pt2"


def compile_maker(device: torch.device) -> EngineMaker:
    """Engines of Inductor's code; building them needs a C++ compiler.

    The code is for this CPU's instructions and, on CPUs, for as many threads as torch has now.
    """
    versions = f"{torch.__version__}, {torch.get_num_threads()} threads, {_cpu()}"
    return EngineMaker("compile", versions, _build, lambda folder: _load(folder / FILE, device))


def _build(model: EOVSeg, shape: EngineShape, folder: Path) -> None:
    program = export_program(model, (shape.height, shape.width), shape.text, shape.batch)
    torch._inductor.aoti_compile_and_package(program, package_path=str(folder / FILE))


def _load(file: Path, device: torch.device) -> Engine:
    index = -1 if device.index is None else device.index
    return torch._inductor.aoti_load_package(str(file), device_index=index)


def _cpu() -> str:
    """Names the instructions that this CPU has."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
