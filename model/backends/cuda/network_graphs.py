"""CUDA graphs of a network, one for each set of input sizes. Not yet tested on a GPU."""

import logging
import threading

from torch import Tensor

from ..engines.captured_engine import CapturedEngine, Network, Turns
from ..engines.error_text import error_text

MOST_GRAPHS = 8  # the least recently used one is removed first; all of them use the same memory

_logger = logging.getLogger(__name__)


class NetworkGraphs:
    """Run a network of tensors on a GPU: the first call of some sizes as it is, further ones as a graph.

    A graph starts all kernels at once. If one cannot be recorded, the network runs as it is, and the log says
    so once.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._turns = Turns()
        self._graphs: dict[tuple, CapturedEngine] = {}  # least recently used first
        self._changing_graphs = threading.Lock()
        self._failed = False

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        if self._failed:
            return self._network(*inputs)
        try:
            return self._graph_for(inputs)(*inputs)
        except Exception as error:  # PyTorch raises any, for example if the memory is exhausted
            outputs = self._network(*inputs)  # else it is no fault of the graph
            self._give_up(error)
            return outputs

    def _graph_for(self, inputs: tuple[Tensor, ...]) -> CapturedEngine:
        key = tuple((value.shape, value.dtype) for value in inputs)
        with self._changing_graphs:
            graph = self._graphs.pop(key, None) or CapturedEngine(self._network, self._turns)
            self._graphs[key] = graph
            if len(self._graphs) > MOST_GRAPHS:
                with self._turns.running:  # no graph starts, and none runs any more, so that memory may go
                    self._turns.buffers_free.synchronize()
                    self._graphs.pop(next(iter(self._graphs)))
            return graph

    def _give_up(self, error: Exception) -> None:
        with self._changing_graphs:
            if not self._failed:
                text = "cannot use a CUDA graph (%s); the network runs without, which is slower"
                _logger.warning(text, error_text(error))
            self._failed = True
            self._graphs.clear()
