"""Streams, events and graphs of the simulated CUDA device (simulated_cuda.py), which computes at once.

A copy to pinned memory that does not wait has arrived once its stream, an event on it or the device is waited
for; before that the memory is as it was. A graph keeps the operators of its recording, and replays them into
the same tensors. While a thread records, what waits for the device and what copies from or to the host is an
error, as in CUDA.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

_handles = itertools.count(1)
_thread = threading.local()  # .stream and .recording of each thread


class Stream:
    """A stream; everything that is given to it is done at once, but for late copies."""

    def __init__(self, device: Any = None, priority: int = 0) -> None:
        self.cuda_stream = next(_handles)
        self.waited_for: list[Any] = []  # streams and events
        self._late: list[Callable[[], None]] = []

    def add_late_copy(self, copy: Callable[[], None]) -> None:
        """Do this when somebody waits for the stream."""
        self._late.append(copy)

    def arrive(self) -> None:
        """Finish the late copies."""
        while self._late:
            self._late.pop(0)()

    def wait_stream(self, stream: "Stream") -> None:
        self.waited_for.append(stream)

    def wait_event(self, event: "Event") -> None:
        self.waited_for.append(event)

    def synchronize(self) -> None:
        """The host waits."""
        note_wait("Stream.synchronize")
        self.arrive()


class Event:
    """An event; recorded on a stream, it waits for what the stream was given before."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._stream: Stream | None = None

    def record(self, stream: Stream | None = None) -> None:
        self._stream = stream or current_stream()

    def wait(self, stream: Stream | None = None) -> None:
        (stream or current_stream()).wait_event(self)

    def synchronize(self) -> None:
        """The host waits."""
        note_wait("Event.synchronize")
        if self._stream:
            self._stream.arrive()


class CUDAGraph:
    """A recording, as long as it is replayed."""

    def __init__(self) -> None:
        self.recorded: list[tuple[Any, tuple, dict, Any]] | None = None
        self.replays = 0

    def replay(self) -> None:
        """Compute everything again, into the tensors of the recording."""
        assert self.recorded is not None, "nothing was recorded"
        self.replays += 1
        for operator, args, kwargs, before in self.recorded:
            after = operator(*tree_map(_on_cpu, args), **kwargs)
            for old, new in zip(tree_leaves(before), tree_leaves(after), strict=True):
                if isinstance(old, torch.Tensor) and (old := _on_cpu(old)).data_ptr() != new.data_ptr():
                    old.copy_(new)


_default = Stream()
note_wait: Callable[[str], None] = lambda operator: None  # noqa: E731  set by simulated_cuda.py


def current_stream(device: Any = None) -> Stream:
    """The stream of this thread."""
    return getattr(_thread, "stream", _default)


@contextmanager
def use_stream(stream: Stream | None) -> Iterator[None]:
    """`torch.cuda.stream`."""
    before = current_stream()
    _thread.stream = stream or before
    try:
        yield
    finally:
        _thread.stream = before


@contextmanager
def graph(
    cuda_graph: CUDAGraph, pool: Any = None, stream: Any = None, capture_error_mode: str = "global"
) -> Iterator[None]:
    """`torch.cuda.graph`."""
    assert recording() is None, "a thread records one graph at a time"
    _thread.recording = []
    try:
        yield
        cuda_graph.recorded = _thread.recording
    finally:
        _thread.recording = None


def recording() -> list | None:
    """What this thread has recorded so far; None if it does not record."""
    return getattr(_thread, "recording", None)


def refuse_while_recording(operator: str) -> None:
    """Raise what CUDA raises for what a graph cannot hold."""
    if recording() is not None:
        raise RuntimeError(f"CUDA error: operation not permitted when stream is capturing ({operator})")


def _on_cpu(value: Any) -> Any:
    return getattr(value, "on_cpu", value)


FUNCTIONS: dict[str, Any] = {
    "device": lambda device: nullcontext(),  # there is only one
    "Stream": Stream,
    "Event": Event,
    "CUDAGraph": CUDAGraph,
    "current_stream": current_stream,
    "default_stream": lambda device=None: _default,
    "stream": use_stream,
    "graph": graph,
    "graph_pool_handle": object,
    "is_current_stream_capturing": lambda: recording() is not None,
}
