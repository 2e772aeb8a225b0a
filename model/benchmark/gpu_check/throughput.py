"""Pictures a second of several cameras in one call, and of two threads."""

import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from ...backends import close_backend, load_backend
from ..pipeline import Pipeline
from ..stage_clock import StageClock
from ..synthetic import synthetic_text
from .latencies import latencies
from .material import check_available, fresh_model, load, pictures
from .memory import MemoryMeter
from .part import Part
from .setting import Setting

THREADS = 2


def measure_cameras(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Measure a picture of each camera, one after the other and as one batch."""
    check_available(part, device)
    meter, model = MemoryMeter(device), fresh_model(part.variant, device)
    text, seen = synthetic_text(setting.classes, model.config.text_dim, str(device))
    backend = load_backend(part.backend, model, part.precision, patient=True)
    pipeline, all_pictures = Pipeline(backend, text, seen, setting.short_side), pictures(setting)

    def segment(chosen: Sequence[np.ndarray]) -> None:
        maps, _ = pipeline(chosen, StageClock())
        for panoptic in maps:
            panoptic.map.cpu()

    def segment_singly() -> None:
        for picture in all_pictures:
            segment([picture])

    singly = statistics.median(latencies(segment_singly, setting))
    together = statistics.median(latencies(lambda: segment(all_pictures), setting))
    close_backend(backend)
    return {
        "cameras": len(all_pictures),
        "one_by_one_ms": singly,
        "batch_ms": together,
        "one_by_one_frames_per_second": 1e3 * len(all_pictures) / singly,
        "batch_frames_per_second": 1e3 * len(all_pictures) / together,
        **meter.read(),
    }


def measure_threads(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Measure pictures a second of one thread, then of two, to each of which the predictor gives a stream."""
    loaded, picture = load(part, setting, device), pictures(setting)[0]
    latencies(lambda: loaded.segment(picture), setting)  # warms up
    rates = []
    for threads in (1, THREADS):
        until = threading.Event()

        def work(until: threading.Event = until) -> int:
            count = 0
            while not until.is_set():
                loaded.segment(picture)
                count += 1
            return count

        start = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            counts = [pool.submit(work) for _ in range(threads)]
            time.sleep(setting.seconds)
            until.set()
            total = sum(count.result() for count in counts)
        rates.append(total / (time.perf_counter() - start))
    loaded.close()
    one, several = rates
    return {
        "threads": THREADS,
        "one_thread_frames_per_second": one,
        "threads_frames_per_second": several,
        "gain": several / one,
    }
