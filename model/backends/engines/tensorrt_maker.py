"""TensorRT's engines for the engine backend."""

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
    """Engines in "fp32" or "fp16" for the GPU that the model is on; TensorRTError without TensorRT."""
    tensorrt_engine.require_tensorrt()
    import tensorrt  # its package may be named after a CUDA version, too

    versions = f"{version('torch_tensorrt')} {tensorrt.__version__}"
    build = partial(_build, precision)
    return EngineMaker("tensorrt", versions, build, lambda folder: tensorrt_engine.load(folder / FILE))


def _build(precision: str, model: EOVSeg, shape: EngineShape, folder: Path) -> None:
    program = export_program(model, (shape.height, shape.width), shape.text, shape.batch)
    tensorrt_engine.build(program, folder / FILE, precision)
