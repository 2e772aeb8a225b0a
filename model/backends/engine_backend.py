"""Engines of fixed sizes, built in the background, with torch as a fallback."""

import contextlib
import threading
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ..export import cut_output, example_inputs, pad_text
from ..network import EOVSeg, EOVSegOutput, TextEmbeddings
from .backend import Backend, run_once
from .batch_parts import run_in_parts
from .engines.agreement import describe_difference
from .engines.background_build import BackgroundBuild
from .engines.build_runner import BuildRunner
from .engines.engine import Engine, EngineMaker
from .engines.engine_cache import EngineCache
from .engines.engine_key import engine_key
from .engines.shape import EngineShape
from .names import BackendError
from .status import BackendStatus, EngineStage

TOO_LARGE = "the vocabulary has more names than any engine holds"
MOST_SIZES = 4  # of images and vocabularies; the engines of the least recently used one are removed first


class EngineBackend:
    """One engine per image size and vocabulary size bucket; vocabularies of a bucket need no new build.

    Batches have engines of their own, for 2, 4, 8, ... images.

    Torch runs the frames until an engine is ready, and if none can be built. A patient backend waits for the
    engine instead, and raises BackendError if there is none, so that no other backend is evaluated. A process
    builds the engine, and the first frame that follows is run by torch, too, to compare the outputs.
    """

    def __init__(
        self,
        *,
        model: EOVSeg,
        maker: EngineMaker,
        weights: str,
        precision: str,
        cache: EngineCache,
        runner: BuildRunner,
        torch_backend: Backend,
        patient: bool = False,
    ) -> None:
        """Args: model is the unchanged network to build engines from, weights its `describe_weights`."""
        self._model = model
        self._maker = maker
        self._key = partial(engine_key, maker, weights, model.device, precision)
        self._cache = cache
        self._runner = runner
        self._torch = torch_backend
        self._patient = patient
        self._engines: dict[EngineShape, BackgroundBuild[Engine]] = {}
        self._changing_engines = threading.Lock()
        self._one_build = threading.Lock()
        # For the last frame. A status reads it only once, because frames in other threads replace it.
        self._last: BackgroundBuild[Engine] | EngineStage = EngineStage.WAITING
        self.name = maker.name
        self.precision = precision

    @property
    def status(self) -> BackendStatus:
        """Status of the engine for the last frame."""
        last = self._last
        if isinstance(last, EngineStage):
            stage, seconds, error = last, 0.0, ""
        else:
            build = last.state
            ready = EngineStage.READY if build.accepted else EngineStage.BUILDING
            stage, seconds, error = EngineStage.FAILED if build.error else ready, build.seconds, build.error
        return BackendStatus(
            backend=self.name,
            precision=self.precision,
            serving=self.name if stage is EngineStage.READY else "" if self._patient else "torch",
            stage=stage,
            build_seconds=seconds,
            error=error,
        )

    @torch.no_grad()
    def __call__(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        return run_in_parts(self._call, images, text, seen)

    def _call(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        shape = EngineShape.of(images, text)
        if shape is None:
            self._last = EngineStage.TOO_LARGE
            return self._run_without_engine(images, text, seen, reason=TOO_LARGE)
        self._last = build = self._wanted(shape)
        if self._patient:
            build.wait()
        state = build.state
        if state.result is None:
            return self._run_without_engine(images, text, seen, reason=state.error)
        try:
            if state.accepted:
                return self._run(state.result, shape, images, text, seen)
            return self._check(build, shape, images, text, seen)
        except Exception as error:  # runtimes raise any exception, for example if out of memory
            build.fail(error)
            return self._run_without_engine(images, text, seen, reason=build.state.error)

    @torch.no_grad()
    def run_once(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        """Run an engine that is ready, else torch, also if patient; see `backend.run_once`."""
        shape = EngineShape.of(images, text)
        with self._changing_engines:
            build = self._engines.get(shape) if shape else None
        if shape and build and (engine := build.state.result) and build.state.accepted:
            with contextlib.suppress(Exception):  # the next frame of this size tells
                return self._run(engine, shape, images, text, seen)
        return run_once(self._torch, images, text, seen)

    def close(self) -> None:
        """Kill the process that builds an engine, if there is one, and build no further engine."""
        self._runner.close()

    def _check(
        self,
        build: BackgroundBuild[Engine],
        shape: EngineShape,
        images: Tensor,
        text: TextEmbeddings,
        seen: Tensor,
    ) -> EOVSegOutput:
        """Run torch, and the engine unless another thread does; accept the engine if both agree.

        Raises BackendError if they do not.
        """
        expected = self._torch(images, text, seen)
        if not build.checking.acquire(blocking=self._patient):
            return expected
        with contextlib.ExitStack() as stack:
            stack.callback(build.checking.release)
            engine = build.state.result
            if engine is None:  # it failed in another thread meanwhile
                raise BackendError(build.state.error)
            found = self._run(engine, shape, images, text, seen)
            if difference := describe_difference(found, expected, self.precision):
                raise BackendError(f"{self._describe(shape)} differs from torch: {difference}{self._remedy}")
            build.accept()
            return found

    def _run(
        self, engine: Engine, shape: EngineShape, images: Tensor, text: TextEmbeddings, seen: Tensor
    ) -> EOVSegOutput:
        padded, padded_seen = pad_text(text, seen, shape.text)
        embeddings, groups, penalty = padded
        assert penalty is not None
        with _current(self._model.device):
            # contiguous, as in the export: not all engines check it
            found = engine(images.contiguous(), embeddings, groups, penalty, padded_seen)
        return cut_output(EOVSegOutput(*found), len(seen))

    def _run_without_engine(
        self, images: Tensor, text: TextEmbeddings, seen: Tensor, *, reason: str
    ) -> EOVSegOutput:
        if self._patient:
            raise BackendError(f"{self.name} {self.precision} has no engine: {reason}")
        return self._torch(images, text, seen)

    def _wanted(self, shape: EngineShape) -> BackgroundBuild[Engine]:
        with self._changing_engines:
            build = self._engines.pop(shape, None) or BackgroundBuild(partial(self._build, shape))
            self._engines[shape] = build  # the newest is the last
            sizes = dict.fromkeys(each.of_one_image for each in reversed(self._engines))
            for size in list(sizes)[MOST_SIZES:]:
                self._engines = {s: b for s, b in self._engines.items() if s.of_one_image != size}
            return build

    def _build(self, shape: EngineShape) -> Engine:
        key, load = self._key(shape), partial(self._load, shape)
        if (engine := self._cache.load(key, load)) is not None:  # without waiting for other builds
            return engine
        with self._one_build:
            with self._changing_engines:
                if shape not in self._engines:
                    raise RuntimeError("the build was dropped, because newer frames have other sizes")
            build = partial(self._runner.build, self._maker, self.precision, self._model, shape)
            return self._cache.build(key, build, load)

    def _load(self, shape: EngineShape, folder: Path) -> Engine:
        """Load an engine and run it once. Raises BackendError if its output is not finite."""
        with _current(self._model.device):
            engine = self._maker.load(folder)
            inputs = example_inputs(self._model, (shape.height, shape.width), shape.text, shape.batch)
            if not all(torch.isfinite(part).all() for part in engine(*inputs)):
                raise BackendError(f"{self._describe(shape)} returned NaN or infinity{self._remedy}")
        return engine

    def _describe(self, shape: EngineShape) -> str:
        batch = f"{shape.batch} images of " if shape.batch > 1 else ""
        return f"{self.name} {self.precision} engine for {batch}{shape.height}x{shape.width}"

    @property
    def _remedy(self) -> str:
        return f" (set {'backend torch' if self.precision == 'fp32' else 'precision fp32'} to avoid this)"


def _current(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Make a GPU the thread's current one, which runtimes use."""
    return torch.cuda.device(device) if device.type == "cuda" else contextlib.nullcontext()
