"""PyTorch with layers optimised for inference."""

import threading

import torch
from torch import Tensor

from ..checkpoint import long_lived_tensors
from ..export import HALF_PRECISIONS
from ..network import EOVSeg, EOVSegOutput, TextEmbeddings, fold_batch_norms
from .batch_parts import run_in_parts
from .cpu.packing import pack
from .cuda.channels_last import use_channels_last
from .cuda.half_precision import use_half_precision
from .cuda.network_graphs import NetworkGraphs
from .cuda.tf32 import TF32_SWITCHES
from .engines.captured_engine import Network
from .names import DEFAULT_PRECISION
from .status import BackendStatus


class TorchBackend:
    """Run model, whose layers are replaced in place; it cannot be trained or saved afterwards."""

    def __init__(self, model: EOVSeg, precision: str = DEFAULT_PRECISION) -> None:
        self.status = BackendStatus(backend="torch", precision=precision, serving="torch")
        self._model = model.eval().requires_grad_(False)
        self._graphs = NetworkGraphs(self._run) if model.device.type == "cuda" else None
        self._first_call = threading.Lock()
        self._packed = False
        with long_lived_tensors():
            fold_batch_norms(model)
            if model.device.type == "cpu" and torch.backends.mkldnn.is_available():
                pack(model, precision)
            else:
                if precision in HALF_PRECISIONS:
                    use_half_precision(model, HALF_PRECISIONS[precision])
                use_channels_last(model)

    @torch.no_grad()
    def __call__(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        if self._graphs is not None:
            return run_in_parts(self._replay, images, text, seen)
        return self._call(self._run, images, text, seen)

    @torch.no_grad()
    def run_once(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        """Run without a graph; see `backend.run_once`."""
        return self._call(self._run, images, text, seen)

    def _replay(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        assert self._graphs
        return self._call(self._graphs, images, text, seen)

    def _call(self, network: Network, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        images = images.contiguous(memory_format=torch.channels_last)
        if self._graphs is not None:
            with TF32_SWITCHES.set(self.status.precision == "tf32"):
                penalty = () if text.penalty is None else (text.penalty,)
                return EOVSegOutput(*network(images, seen, text.embeddings, text.groups, *penalty))
        if not self._packed:
            with self._first_call, long_lived_tensors():  # converts the weights' layout
                output = self._model(images, text, seen)
                self._packed = True
                return output
        return self._model(images, text, seen)

    def _run(self, images: Tensor, seen: Tensor, *text: Tensor) -> EOVSegOutput:
        return self._model(images, TextEmbeddings(*text), seen)
