"""Time of each stage, without the stages that it calls."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Literal

import torch

from ..network import EOVSeg


class StageClock:
    """Accumulate seconds by stage; a nested stage pauses the outer one."""

    def __init__(self, clock: Literal["wall", "cpu"] = "wall") -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._clock = time.process_time if clock == "cpu" else time.perf_counter
        self._inner: list[float] = []  # seconds of nested stages, for each running stage

    def now(self) -> float:
        """Return the clock's seconds after synchronising the device, unless it records a CUDA graph."""
        if torch.cuda.is_available() and not torch.cuda.is_current_stream_capturing():
            torch.cuda.synchronize()
        return self._clock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Attribute the time of the block to stage `name`."""
        self._inner.append(0.0)
        start = self.now()
        try:
            yield
        finally:
            elapsed = self.now() - start
            self.seconds[name] += elapsed - self._inner.pop()
            if self._inner:
                self._inner[-1] += elapsed

    def watch(self, model: EOVSeg) -> None:
        """Wrap the parts of model as stages; the rest of its forward is classification."""
        for owner, method, name in (
            (model, "forward", "classification"),
            (model.backbone, "forward", "CNN"),
            (model.spatial_extractor, "forward", "ViT"),
            (model.spatial_extractor, "masked_mean", "ViT"),
            (model.aggregator, "forward", "aggregator"),
            (model.vas, "forward", "VAS"),
            (model.decoder, "forward", "decoder"),
        ):
            setattr(owner, method, self._timed(getattr(owner, method), name))

    def _timed(self, function: Callable, name: str) -> Callable:
        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.stage(name):
                return function(*args, **kwargs)

        return timed
