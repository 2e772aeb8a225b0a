"""CUDA graphs for networks whose runtime does not record them by itself. Not yet tested on a GPU."""

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Network = Callable[..., tuple[Tensor, ...]]


class Turns:
    """Lets graphs run one at a time, so that they may use the same memory for what they compute."""

    def __init__(self) -> None:
        self.running = threading.Lock()
        self.buffers_free = torch.cuda.Event()  # recorded once the outputs of a call are copied
        self.pool: Any = torch.cuda.graph_pool_handle()


class CapturedEngine:
    """A network on a GPU, recorded as a CUDA graph and replayed; calls run one at a time.

    The first call, for an engine in the thread that loads it, only warms up. The second one, in a thread that
    runs frames, records the graph. Other threads may allocate memory on the device meanwhile.
    """

    def __init__(self, network: Network, turns: Turns | None = None) -> None:
        """Args: turns is shared by graphs that run one at a time."""
        self._network = network
        self._turns = turns or Turns()
        self._warm = False
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: tuple[Tensor, ...] = ()
        self._outputs: tuple[Tensor, ...] = ()

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        with self._turns.running:
            if not self._warm:
                outputs = self._network(*inputs)
                self._warm = True
                return outputs
            stream = torch.cuda.current_stream(inputs[0].device)
            stream.wait_event(self._turns.buffers_free)  # of a call on another stream
            if self._graph is None:
                self._graph = self._record(inputs)
            for buffer, value in zip(self._inputs, inputs, strict=True):
                buffer.copy_(value, non_blocking=True)
            self._graph.replay()
            outputs = tuple(output.clone() for output in self._outputs)
            self._turns.buffers_free.record(stream)
            return outputs

    def _record(self, inputs: tuple[Tensor, ...]) -> torch.cuda.CUDAGraph:
        self._inputs = tuple(value.clone() for value in inputs)
        graph = torch.cuda.CUDAGraph()
        recording = torch.cuda.Stream(inputs[0].device)  # PyTorch's own is on the device that it first met
        with torch.cuda.graph(
            graph, pool=self._turns.pool, stream=recording, capture_error_mode="thread_local"
        ):
            self._outputs = tuple(self._network(*self._inputs))
        return graph
