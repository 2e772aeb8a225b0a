"""torch.compile's ahead-of-time form: a compiled graph in one file."""

from pathlib import Path

import torch

from ...eovseg import EOVSeg
from ...export.program import export_program
from .engine import Engine, EngineMaker
from .shape import EngineShape

FILE = "network.pt2"


def compile_maker() -> EngineMaker:
    """Engines of Inductor's code; building them needs a C++ compiler."""
    return EngineMaker("compile", torch.__version__, _build, lambda folder: _load(folder / FILE))


def _build(model: EOVSeg, shape: EngineShape, folder: Path) -> None:
    program = export_program(model, (shape.height, shape.width), shape.text, shape.batch)
    torch._inductor.aoti_compile_and_package(program, package_path=str(folder / FILE))


def _load(file: Path) -> Engine:
    return torch._inductor.aoti_load_package(str(file))
