"""Where the time goes: each stage without the stages that it calls."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch

from ..eovseg import EOVSeg


class StageClock:
    """Adds up seconds by stage; a stage inside another one stops the outer one's clock."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._inner: list[float] = []  # seconds of what ran inside each running stage

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the block as stage `name`."""
        self._inner.append(0.0)
        start = _now()
        try:
            yield
        finally:
            elapsed = _now() - start
            self.seconds[name] += elapsed - self._inner.pop()
            if self._inner:
                self._inner[-1] += elapsed

    def watch(self, model: EOVSeg) -> None:
        """Count what the parts of model do from now on; what is left of a call of it is classification."""
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


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
