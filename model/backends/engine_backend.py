"""Engines of fixed sizes, built in the background, with torch for what no engine is ready for."""

import threading
from functools import partial

import torch
from torch import Tensor

from ..classification import TextRows
from ..eovseg import EOVSeg, EOVSegOutput
from .engines.background_build import BackgroundBuild
from .engines.engine import Engine, EngineMaker
from .engines.engine_cache import EngineCache
from .engines.shape import EngineShape
from .text_padding import cut_output, pad_text
from .torch_backend import TorchBackend

MOST_ENGINES = 4  # the one that was asked for longest ago goes first


class EngineBackend:
    """One engine a picture size and bucket of vocabularies, which take turns in it without a build."""

    def __init__(
        self,
        *,
        model: EOVSeg,
        maker: EngineMaker,
        weights: str,
        precision: str,
        cache: EngineCache,
        torch_backend: TorchBackend,
    ) -> None:
        """model is the plain network that engines are built from, weights a name for its content."""
        self._model = model
        self._maker = maker
        device = str(model.void_row.embedding.device)
        self._key = (weights, torch.__version__, maker.name, maker.versions, device, precision)
        self._cache = cache
        self._torch = torch_backend
        self._engines: dict[EngineShape, BackgroundBuild[Engine]] = {}
        self._one_build = threading.Lock()
        self._last: BackgroundBuild[Engine] | None = None
        self.name = maker.name
        self.precision = precision

    @property
    def state(self) -> str:
        """Of the engine that the last frame wanted: building, ready or failed, with the reason."""
        return self._last.state if self._last else "waiting for a frame"

    @torch.no_grad()
    def __call__(self, images: Tensor, text: TextRows, seen: Tensor) -> EOVSegOutput:
        shape = EngineShape.of(images, text)
        self._last = build = self._wanted(shape) if shape else None
        engine = build.result if build else None
        if shape is None or engine is None:
            return self._torch(images, text, seen)
        padded, padded_seen = pad_text(text, seen, shape.text)
        rows, groups, penalty = padded
        assert penalty is not None
        return cut_output(EOVSegOutput(*engine(images, rows, groups, penalty, padded_seen)), len(seen))

    def wait(self, timeout: float | None = None) -> None:
        """Until no engine that was asked for is being built."""
        for build in list(self._engines.values()):
            build.wait(timeout)

    def _wanted(self, shape: EngineShape) -> BackgroundBuild[Engine]:
        build = self._engines.pop(shape, None) or BackgroundBuild(partial(self._build, shape))
        self._engines[shape] = build  # the newest is the last
        while len(self._engines) > MOST_ENGINES:
            self._engines.pop(next(iter(self._engines)))
        return build

    def _build(self, shape: EngineShape) -> Engine:
        with self._one_build:
            build = partial(self._maker.build, self._model, shape)
            return self._cache.get((*self._key, str(shape)), build, self._maker.load)
