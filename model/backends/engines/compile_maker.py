"""Engines of AOTInductor: the graph compiled ahead of time into one file."""

import platform
from pathlib import Path

import torch

from ...export import export_program
from ...network import EOVSeg
from .engine import Engine, EngineMaker
from .shape import EngineShape

FILE = "network.pt2"


def compile_maker(device: torch.device) -> EngineMaker:
    """Return a maker of engines compiled by Inductor; building them needs a C++ compiler.

    The code is specific to this CPU's instruction set and, on CPUs, to torch's current number of threads.
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
    """Return the instruction set of this CPU."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
