"""The demo's speed test: the frame rate with a camera that is faster than the model."""

import statistics
import time

from eovseg_model.backends import has_bfloat16
from eovseg_ros.benchmarks import BackendFailure, replayed_graph
from eovseg_ros.processes import ProgramFailure

_RATE = 40.0  # Hz of the camera
_PARALLEL_FRAMES = 2
_TITLES = {"openvino": "OpenVINO"}


def show_speed(*, checkpoint: str, vocabulary: tuple[str, ...], backend: str, seconds: float) -> None:
    """Print the frame rate on recorded images, on the CPU.

    If the engine is not available, print the reason and measure torch instead. Raises ProgramFailure if no
    frame rate can be measured.
    """
    precision = "bf16" if backend == "openvino" and has_bfloat16() else "fp32"
    node: dict[str, object] = {
        "checkpoint": checkpoint,
        "vocabulary": vocabulary,
        "backend": backend,
        "precision": precision,
        "device": "cpu",
        "parallel_frames": _PARALLEL_FRAMES,
    }
    try:
        _measure(node, seconds)
    except ProgramFailure as error:
        if backend == "torch":
            raise ProgramFailure(reason_of(error)) from None
        title = f"{_TITLES.get(backend, backend)} {precision}"
        print(f"   {title} engine failed: {reason_of(error)}; using torch fp32 instead", flush=True)
        try:
            _measure(node | {"backend": "torch", "precision": "fp32"}, seconds)
        except ProgramFailure as second_error:
            raise ProgramFailure(reason_of(second_error)) from None


def reason_of(error: ProgramFailure) -> str:
    """Return why there is no frame rate: the engine's error, or that in the log of a node that ended."""
    if isinstance(error, BackendFailure):
        return error.reason
    _, found, reason = str(error).partition("cannot configure: ")
    return reason.splitlines()[0] if found else str(error)


def _measure(node: dict[str, object], seconds: float) -> None:
    with replayed_graph(camera={"rate": _RATE}, node=node) as (probe, processes):
        start = time.monotonic()
        probe.spin_for(seconds)
        rate = len(probe.arrivals) / (time.monotonic() - start)
        for process in processes:
            process.check_running()
        if not probe.settled or not probe.latencies:
            raise ProgramFailure(f"no frame in {seconds:g} s: {probe.backend}")
        print(
            f"   out {rate:.1f} Hz at 320x240 with the camera at {_RATE:g} Hz,"
            f" {_PARALLEL_FRAMES} parallel frames, latency {statistics.median(probe.latencies):.0f} ms,"
            f" {probe.backend} on {probe.device}",
            flush=True,
        )
