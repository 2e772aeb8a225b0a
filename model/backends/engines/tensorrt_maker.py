"""Engines of TensorRT."""

from functools import partial
from importlib.metadata import version
from pathlib import Path

from ...export import export_program
from ...network import EOVSeg
from .. import tensorrt_engine
from .engine import EngineMaker
from .shape import EngineShape

FILE = "network.pt2"


def tensorrt_maker(precision: str) -> EngineMaker:
    """Return a maker of "fp32" or "fp16" engines for the model's GPU. Raises TensorRTError."""
    tensorrt_engine.require_tensorrt()
    import tensorrt  # the package name may include a CUDA version

    versions = f"{version('torch_tensorrt')} {tensorrt.__version__}"
    build = partial(_build, precision)
    return EngineMaker("tensorrt", versions, build, lambda folder: tensorrt_engine.load(folder / FILE))


def _build(precision: str, model: EOVSeg, shape: EngineShape, folder: Path) -> None:
    size = (shape.height, shape.width)
    program = export_program(model, size, shape.text, shape.batch, runs_on="cuda")
    tensorrt_engine.build(program, folder / FILE, precision)
