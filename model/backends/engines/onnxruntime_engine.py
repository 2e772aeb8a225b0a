"""Engines of ONNX Runtime for CPUs."""

from importlib.metadata import version
from pathlib import Path

import onnxruntime
import torch
from torch import Tensor

from ...export import INPUT_NAMES, OUTPUT_NAMES, export_program, write_onnx
from ...network import EOVSeg
from .engine import EngineMaker
from .shape import EngineShape

FILE = "network.onnx"


def onnxruntime_maker() -> EngineMaker:
    """Return a maker of float32 engines that use torch's current number of threads."""
    threads = torch.get_num_threads()
    versions = f"{onnxruntime.__version__}, onnxscript {version('onnxscript')}"
    return EngineMaker("onnxruntime", versions, _build, lambda folder: ONNXRuntimeEngine(folder, threads))


class ONNXRuntimeEngine:
    """An ONNX Runtime session."""

    def __init__(self, folder: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(folder / FILE), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {i.name for i in self._session.get_inputs()}

    def __call__(
        self, images: Tensor, text_embeddings: Tensor, groups: Tensor, penalty: Tensor, seen: Tensor
    ) -> tuple[Tensor, ...]:
        inputs = zip(INPUT_NAMES, (images, text_embeddings, groups, penalty, seen), strict=True)
        given = {name: value.contiguous().numpy() for name, value in inputs if name in self._inputs}
        return tuple(map(torch.from_numpy, self._session.run(list(OUTPUT_NAMES), given)))


def _build(model: EOVSeg, shape: EngineShape, folder: Path) -> None:
    program = export_program(model, (shape.height, shape.width), shape.text, shape.batch)
    write_onnx(program, folder / FILE)
