"""CUDA graphs for engines whose runtime does not record them by itself. Not yet tested on a GPU."""

import threading
from collections.abc import Callable

import torch
from torch import Tensor

Network = Callable[..., tuple[Tensor, Tensor, Tensor]]


class CapturedEngine:
    """An engine for the current device, recorded as a CUDA graph and replayed; calls run one at a time.

    The first call, in the thread that loads the engine, only warms up. The second one, in the thread that
    runs the frames, records the graph. Other threads may allocate memory on the device meanwhile.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._running = threading.Lock()
        self._warm = False
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: tuple[Tensor, ...] = ()
        self._outputs: tuple[Tensor, ...] = ()
        self._buffers_free = torch.cuda.Event()  # recorded once the outputs of a call are copied

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        with self._running:
            if not self._warm:
                outputs = self._network(*inputs)
                self._warm = True
                return outputs
            if self._graph is None:
                self._graph = self._record(inputs)
            stream = torch.cuda.current_stream()
            stream.wait_event(self._buffers_free)  # of a call on another stream
            for buffer, value in zip(self._inputs, inputs, strict=True):
                buffer.copy_(value, non_blocking=True)
            self._graph.replay()
            classes, masks, final = (output.clone() for output in self._outputs)
            self._buffers_free.record(stream)
            return classes, masks, final

    def _record(self, inputs: tuple[Tensor, ...]) -> torch.cuda.CUDAGraph:
        self._inputs = tuple(value.clone() for value in inputs)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self._outputs = self._network(*self._inputs)
        return graph
