"""Engines of OpenVINO for CPUs."""

import queue
from pathlib import Path

import openvino
import torch
from torch import Tensor

from ...export import INPUT_NAMES, OUTPUT_NAMES, export_program, write_openvino
from ...network import EOVSeg
from .engine import EngineMaker
from .shape import EngineShape

FILE = "network.xml"


def openvino_maker(precision: str, parallel_calls: int) -> EngineMaker:
    """Return a maker of "fp32" or "bf16" engines; each call uses torch's current number of threads."""
    threads = torch.get_num_threads()
    return EngineMaker(
        "openvino",
        openvino.__version__,
        _build,
        lambda folder: OpenVINOEngine(folder, precision, threads, parallel_calls),
    )


class OpenVINOEngine:
    """A compiled network."""

    def __init__(self, folder: Path, precision: str, threads: int, parallel_calls: int) -> None:
        options = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
            "INFERENCE_NUM_THREADS": threads * parallel_calls,
            "NUM_STREAMS": parallel_calls,
        }
        compiled = openvino.Core().compile_model(str(folder / FILE), "CPU", options)
        self._idle: queue.SimpleQueue[openvino.InferRequest] = queue.SimpleQueue()
        for _ in range(parallel_calls):
            self._idle.put(compiled.create_infer_request())

    def __call__(
        self, images: Tensor, text_embeddings: Tensor, groups: Tensor, penalty: Tensor, seen: Tensor
    ) -> tuple[Tensor, ...]:
        inputs = (images, text_embeddings, groups, penalty, seen)
        given = {name: value.contiguous().numpy() for name, value in zip(INPUT_NAMES, inputs, strict=True)}
        request = self._idle.get()
        try:
            found = request.infer(given, share_inputs=True)  # outputs are copied
            return tuple(torch.from_numpy(found[i]) for i in range(len(OUTPUT_NAMES)))
        finally:
            self._idle.put(request)


def _build(model: EOVSeg, shape: EngineShape, folder: Path) -> None:
    size = (shape.height, shape.width)
    program = export_program(model, size, shape.text, shape.batch, one_operator_deform=True)
    write_openvino(program, folder / FILE)
