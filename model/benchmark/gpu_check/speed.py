"""Latency of single pictures, its stages, memory, and the time to start."""

import gc
import statistics
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...backends import Backend, BackendStatus, backend_status
from ...evaluation import TABLE_1
from ...network import EOVSegOutput, TextEmbeddings
from .latencies import latencies, percentile
from .material import Loaded, load, norm_of_difference, now, on_cpu, pictures, segmenter
from .memory import MemoryMeter
from .part import Part
from .setting import Setting

STAGES = ("preprocess", "network", "fusion")  # the last one with the copy to the host


def measure_speed(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Measure the part's backend as a predictor uses it, one picture after the other."""
    picture, meter = pictures(setting)[1], MemoryMeter(device)  # the first one is for the differences
    loaded, paper = load(part, setting, device), TABLE_1.get(part.variant)
    result = _latency(loaded, picture, setting)
    result |= {
        "paper_frames_per_second": paper.frames_per_second if paper else None,
        **meter.read(),
        "stages_ms": _stages(loaded, picture, setting, device),
        "start_seconds": loaded.start_seconds,
        "build_seconds": loaded.build_seconds,
        **_differences(loaded, part.variant, setting),
    }
    loaded.close()
    del loaded
    gc.collect()
    again = load(part, setting, device)  # an engine comes from the cache now
    again.close()
    return result | {"warm_start_seconds": again.start_seconds}


def _latency(loaded: Loaded, picture: np.ndarray, setting: Setting) -> dict[str, Any]:
    milliseconds = latencies(lambda: loaded.segment(picture), setting)
    return {
        "median_ms": statistics.median(milliseconds),
        "p99_ms": percentile(milliseconds, 0.99),
        "frames": len(milliseconds),
        "frames_per_second": 1e3 * len(milliseconds) / sum(milliseconds),
    }


class _NetworkClock:
    """Calls another backend, whose status it has; remembers when the last call began and ended."""

    def __init__(self, backend: Backend, device: torch.device) -> None:
        self._backend = backend
        self._device = device
        self.begin = self.end = 0.0

    @property
    def status(self) -> BackendStatus:
        return backend_status(self._backend)

    def __call__(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        self.begin = now(self._device)
        output = self._backend(images, text, seen)
        self.end = now(self._device)
        return output


def _stages(loaded: Loaded, picture: np.ndarray, setting: Setting, device: torch.device) -> dict[str, float]:
    """Medians in milliseconds; the host waits for the device between the stages."""
    clock = _NetworkClock(loaded.backend, device)
    segment = segmenter(loaded.model, clock, setting)
    seconds: dict[str, list[float]] = {name: [] for name in STAGES}

    def timed() -> None:
        start = now(device)
        segment(picture)
        spent = (clock.begin - start, clock.end - clock.begin, now(device) - clock.end)
        for name, value in zip(STAGES, spent, strict=True):
            seconds[name].append(value)

    measured = len(latencies(timed, setting))  # the calls before warm up
    return {name: 1e3 * statistics.median(values[-measured:]) for name, values in seconds.items()}


def _differences(loaded: Loaded, variant: str, setting: Setting) -> dict[str, float]:
    """From the unchanged network on the CPU, in float32."""
    expected, found = on_cpu(variant, setting), loaded.segment(pictures(setting)[0])
    return {
        "mask_difference": norm_of_difference(found.mask_logits, expected.mask_logits),
        "class_difference": norm_of_difference(found.class_logits, expected.class_logits),
    }
