"""The demo's last part: a camera faster than the model, and how many frames a second come out."""

import math
import statistics
import time

from eovseg_model.backends.names import has_bfloat16
from eovseg_ros.latency_benchmark import replayed_graph

_RATE = 40.0  # Hz of the camera
_PARALLEL_FRAMES = 2


def show_speed(*, checkpoint: str, vocabulary: tuple[str, ...], backend: str, seconds: float) -> int:
    """Print the rate at which the CPU labels pictures rendered beforehand; 1 if nothing came.

    RuntimeError if camera, node or engine do not start or end too early.
    """
    camera = {"rate": _RATE, "replay": 20, "kept_out": True}
    node = {
        "checkpoint": checkpoint,
        "vocabulary": vocabulary,
        "backend": backend,
        "precision": "bf16" if backend == "openvino" and has_bfloat16() else "fp32",
        "device": "cpu",
        "parallel_frames": _PARALLEL_FRAMES,
    }
    with replayed_graph(camera=camera, node=node) as (probe, processes):
        start = time.monotonic()
        probe.spin_for(seconds)
        rate = len(probe.arrivals) / (time.monotonic() - start)
        for process in processes:
            process.check_running()
        latency = statistics.median(probe.latencies or [math.nan])
        print(
            f"   out {rate:.1f} Hz at 320x240 with the camera at {_RATE:g} Hz,"
            f" {_PARALLEL_FRAMES} frames at a time, latency {latency:.0f} ms, {probe.backend}"
        )
        return int(not probe.arrivals)
