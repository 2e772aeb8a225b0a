"""TensorRT's engines for the engine backend."""

from importlib.metadata import version
from pathlib import Path

from ...eovseg import EOVSeg
from ...export.program import export_program
from .. import tensorrt_engine
from .engine import EngineMaker
from .shape import EngineShape

FILE = "network.ep"


def tensorrt_maker() -> EngineMaker:
    """Engines for the GPU that the model is on; TensorRTError where TensorRT is missing."""
    tensorrt_engine.require_tensorrt()
    versions = f"{version('torch_tensorrt')} {version('tensorrt')}"
    return EngineMaker("tensorrt", versions, _build, lambda folder: tensorrt_engine.load(folder / FILE))


def _build(model: EOVSeg, shape: EngineShape, folder: Path) -> None:
    program = export_program(model, (shape.height, shape.width), shape.text, shape.batch)
    tensorrt_engine.build(program, folder / FILE)
