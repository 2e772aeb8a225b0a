"""Measure the time that the node adds to the model's, and whether latency grows if the camera is too fast.

All topics have a subscriber. The exit status is 1 if a result is outside its limit.
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from rclpy.executors import ExternalShutdownException

from eovseg_model.backends import DEFAULT_BACKEND, DEFAULT_DEVICE, DEFAULT_PRECISION
from eovseg_ros.benchmarks.latency_probe import LatencyProbe
from eovseg_ros.benchmarks.replayed_graph import replayed_graph
from eovseg_ros.msg import CameraStatus
from eovseg_ros.processes import ChildProcess, ProgramFailure, use_own_graph

_SLICE = 10.0  # seconds
_TOLERATED = 1.5  # median of the last slice / median of the first; a queue would grow by seconds
_MOST_ADDED = 8.0  # limit of the ROS path, ms


class NodeTimes(NamedTuple):
    """Medians that the node reports, in ms, and whether images had to wait for the model."""

    model: float
    ros_path: float
    waiting: float
    overlay: float
    busy: bool


def slice_medians(arrivals: list[float], latencies: list[float], start: float, seconds: float) -> list[float]:
    """Print a line per slice and return the medians in ms; infinite for a slice without frames."""
    print(f"{'seconds':>9} {'frames/s':>9} {'median ms':>10} {'p95 ms':>8}")
    times, values = np.array(arrivals) - start, np.array(latencies)
    medians = []
    for begin in np.arange(0.0, seconds - 0.5, _SLICE):
        end = min(begin + _SLICE, seconds)
        here = values[(times >= begin) & (times < end)]
        median, p95 = np.percentile(here, [50, 95]) if here.size else (float("inf"), float("inf"))
        medians.append(float(median))
        print(f"{begin:4.0f}-{end:<4.0f} {here.size / (end - begin):9.1f} {median:10.1f} {p95:8.1f}")
    return medians


def node_times(statuses: Sequence[CameraStatus]) -> NodeTimes:
    """Return the median of each value that the node reported; NaN if there is none."""

    def median(values: Iterable[float]) -> float:
        return statistics.median([v for v in values if not math.isnan(v)] or [math.nan])

    return NodeTimes(
        model=median(s.model_time for s in statuses),
        ros_path=median(s.ros_path_time for s in statuses),
        waiting=median(s.waiting_time for s in statuses),
        overlay=median(s.overlay_time for s in statuses),
        busy=bool(statuses) and statuses[-1].replaced > statuses[0].replaced,
    )


def verdicts(times: NodeTimes) -> bool:
    """Print what the node adds and how long images wait; return whether both are within their limits.

    If the model is busy, waiting does not count as added; its limit is the time of one inference.
    """
    added = times.ros_path - times.waiting if times.busy else times.ros_path
    spare = times.ros_path - times.waiting
    reason = " without waiting, because the model is busy" if times.busy else ""
    print(f"model time, median: {times.model:.1f} ms")
    print(
        f"ROS path, median: {times.ros_path:.1f} ms, {spare:.1f} ms without waiting: "
        f"{_within(added, _MOST_ADDED)} {_MOST_ADDED:g} ms{reason}"
    )
    print(
        f"input latency (waiting), median: {times.waiting:.1f} ms: "
        f"{_within(times.waiting, times.model)} one inference"
    )
    print(f"overlay, median: {times.overlay:.1f} ms, not part of the latency")
    return added <= _MOST_ADDED and times.waiting <= times.model


def _within(value: float, limit: float) -> str:
    return "within" if value <= limit else "NOT within"


def measure_latency(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return 1 if a result is outside its limit or no frame came."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.seconds < 1:
        parser.error("--seconds must be at least 1")
    use_own_graph()
    camera = {"rate": options.rate, "width": options.width, "height": options.height}
    node = {name: getattr(options, name) for name in ("checkpoint", "variant", "device")}
    node |= {name: getattr(options, name) for name in ("backend", "precision", "threads", "parallel_frames")}
    try:
        with replayed_graph(camera=camera, node=node) as (probe, processes):
            return _measure(probe, processes, options)
    except ProgramFailure as error:
        print(f"eovseg-ros benchmark latency: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130


def _measure(probe: LatencyProbe, processes: list[ChildProcess], options: argparse.Namespace) -> int:
    size = f"{options.width}x{options.height}"
    print(f"camera: a recording, {size} at {options.rate:g} Hz for {options.seconds:g} s")
    start = time.monotonic()
    probe.spin_for(options.seconds)
    for process in processes:
        process.check_running()
    print(f"backend: {probe.backend} on {probe.device}")
    medians = slice_medians(probe.arrivals, probe.latencies, start, options.seconds)
    good = verdicts(node_times(probe.statuses))
    grows = not medians[-1] <= _TOLERATED * medians[0]
    verdict = "GROWS" if grows else "does not grow"
    print(f"latency {verdict}: {medians[0]:.1f} ms in the first slice, {medians[-1]:.1f} ms in the last")
    return int(grows or not good)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="eovseg-ros benchmark latency", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="duration (default: 60)")
    parser.add_argument("--rate", type=float, default=30.0, help="rate of the camera in Hz (default: 30)")
    parser.add_argument("--width", type=int, default=320, help="width of the images (default: 320)")
    parser.add_argument("--height", type=int, default=240, help="height of the images (default: 240)")
    parser.add_argument("--variant", default="tiny", help="tiny, s, m or l (default: tiny)")
    parser.add_argument("--checkpoint", default="", help="weights file (default: the variant's)")
    parser.add_argument("--device", default=DEFAULT_DEVICE, help="device of the model (default: %(default)s)")
    parser.add_argument("--backend", default=DEFAULT_BACKEND, help="backend (default: %(default)s)")
    parser.add_argument("--precision", default=DEFAULT_PRECISION, help="number format (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of the model (default: 1)")
    parser.add_argument("--parallel-frames", type=int, default=1, help="frames at a time (default: 1)")
    return parser


if __name__ == "__main__":
    sys.exit(measure_latency())
