"""Engines of AOTInductor: the graph compiled ahead of time into one file."""

import platform
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ...export import export_program, set_precision
from ...network import EOVSeg
from ..cuda.tf32 import TF32_SWITCHES
from .engine import Engine, EngineMaker
from .shape import EngineShape

FILE = "network.pt2"


def compile_maker(precision: str, device: torch.device) -> EngineMaker:
    """Return a maker of engines compiled by Inductor; building them needs a C++ compiler.

    precision is "fp32", or on CUDA "tf32", "fp16" or "bf16". The code is specific to this CPU's instruction
    set and, on CPUs, to torch's current number of threads.
    """
    versions = f"{torch.__version__}, {torch.get_num_threads()} threads, {_cpu()}"
    build = partial(_build, precision)
    return EngineMaker("compile", versions, build, lambda folder: _load(precision, folder / FILE, device))


def _build(precision: str, model: EOVSeg, shape: EngineShape, folder: Path) -> None:
    size = (shape.height, shape.width)
    program = export_program(model, size, shape.text, shape.batch, runs_on=model.device.type)
    set_precision(program, "fp32" if precision == "tf32" else precision)
    with TF32_SWITCHES.set(precision == "tf32"):  # Inductor's own kernels
        torch._inductor.aoti_compile_and_package(program, package_path=str(folder / FILE))


def _load(precision: str, file: Path, device: torch.device) -> Engine:
    index = -1 if device.index is None else device.index
    network = torch._inductor.aoti_load_package(str(file), device_index=index)
    if device.type != "cuda":
        return network

    def engine(
        images: Tensor, text_embeddings: Tensor, groups: Tensor, penalty: Tensor, seen: Tensor
    ) -> tuple[Tensor, ...]:
        with TF32_SWITCHES.set(precision == "tf32"):  # the kernels of libraries
            return network(images, text_embeddings, groups, penalty, seen)

    return engine


def _cpu() -> str:
    """Return the instruction set of this CPU."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
