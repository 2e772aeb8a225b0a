"""Time of each part of the network, run layer by layer."""

import statistics
from typing import Any

import torch

from ..pipeline import Pipeline
from ..result import STAGES
from ..stage_clock import StageClock
from ..synthetic import synthetic_text
from .latencies import latencies
from .material import fresh_model, pictures
from .part import Part
from .setting import Setting


def measure_stages(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Measure the unchanged network; the host waits for the device between the stages."""
    model, clock = fresh_model(part.variant, device), StageClock()
    text, seen = synthetic_text(setting.classes, model.config.text_dim, str(device))
    clock.watch(model)
    pipeline, picture = Pipeline(model, text, seen, setting.short_side), pictures(setting)[0]
    frames: list[dict[str, float]] = []

    def timed() -> None:
        clock.seconds.clear()
        pipeline([picture], clock)
        frames.append(dict(clock.seconds))

    frames = frames[-len(latencies(timed, setting)) :]  # the calls before warm up
    return {"stages_ms": {name: 1e3 * statistics.median(f[name] for f in frames) for name in STAGES}}
