"""CUDA streams: one for each thread that calls, and what has to wait for which."""

import contextlib
import threading
from collections.abc import Iterator

import torch

from .tf32 import TF32_SWITCHES


class ThreadStreams(threading.local):
    """A CUDA stream for each thread and device."""

    def __init__(self) -> None:
        self._streams: dict[torch.device, torch.cuda.Stream] = {}  # of the thread that asks

    @contextlib.contextmanager
    def call(self, device: torch.device, *, tf32: bool) -> Iterator[None]:
        """Run the block on the thread's stream, after the work on the current one. Does nothing on CPUs.

        Before the block ends, the caller waits for its results.
        """
        if device.type != "cuda":
            yield
            return
        stream = self._streams.get(device) or self._streams.setdefault(device, torch.cuda.Stream(device))
        stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(stream), TF32_SWITCHES.set(tf32):
            yield


def stream_of(device: torch.device) -> int:
    """Return a number that identifies the current CUDA stream, 0 on CPUs.

    Caches of tensors on a device have it in their keys: what one stream computes, another does not wait for,
    and memory that is freed belongs to the stream that allocated it.
    """
    return torch.cuda.current_stream(device).cuda_stream if device.type == "cuda" else 0


def wait_for_device(device: torch.device) -> None:
    """Let the host wait for the work on the current stream, whose results other streams will read."""
    if device.type == "cuda":
        torch.cuda.current_stream(device).synchronize()
