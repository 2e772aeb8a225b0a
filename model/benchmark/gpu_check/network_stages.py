"""Time of each part of the network."""

import statistics
from typing import Any

import torch

from ...backends import load_backend
from ..pipeline import Pipeline
from ..result import STAGES
from ..stage_clock import StageClock
from ..synthetic import synthetic_text
from .latencies import latencies
from .material import UnavailableError, check_available, fresh_model, pictures
from .part import Part
from .setting import Setting


def measure_stages(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Measure the network's parts in a backend, with a wait for the device between them.

    Raises UnavailableError for a backend that does not run them one by one.
    """
    check_available(part, device)
    model, clock = fresh_model(part.variant, device), StageClock()
    backend = load_backend(part.backend, model, part.precision, patient=True)
    text, seen = synthetic_text(setting.classes, model.config.text_dim, str(device))
    clock.watch(model)
    model.backbone.register_forward_pre_hook(_refuse_graphs)
    pipeline, picture = Pipeline(backend, text, seen, setting.short_side), pictures(setting)[0]
    frames: list[dict[str, float]] = []

    def timed() -> None:
        clock.seconds.clear()
        pipeline([picture], clock)
        frames.append(dict(clock.seconds))

    frames = frames[-len(latencies(timed, setting)) :]  # the calls before warm up
    if not all(frame.keys() >= set(STAGES) for frame in frames):
        raise UnavailableError(f"backend {part.backend} does not run the network's parts one by one")
    return {"stages_ms": {name: 1e3 * statistics.median(f[name] for f in frames) for name in STAGES}}


def _refuse_graphs(_module: object, _inputs: object) -> None:
    """A graph has no parts; a backend that cannot record one runs the network as it is."""
    if torch.cuda.is_available() and torch.cuda.is_current_stream_capturing():
        raise RuntimeError("gpu-check times the network's parts one by one")
