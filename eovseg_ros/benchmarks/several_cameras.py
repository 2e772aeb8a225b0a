"""Measure memory and fairness of several cameras: the node with one camera, then with several of equal rate.

The exit status is 1 if a camera adds 5 % of memory or more, or if their frames differ by more than 10 %.
"""

import argparse
import sys

from rclpy.executors import ExternalShutdownException

from eovseg_ros.benchmarks.latency_probe import LatencyProbe
from eovseg_ros.benchmarks.replayed_graph import replayed_graph
from eovseg_ros.benchmarks.resident_memory import resident_kb
from eovseg_ros.msg import CameraStatus
from eovseg_ros.processes import ProgramFailure, use_own_graph

_MOST_GROWTH = 0.05
_MOST_DIFFERENCE = 0.1


def measure_cameras(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return 1 if a result is outside its limit or no frame came."""
    parser = argparse.ArgumentParser(prog="eovseg-ros benchmark cameras", description=__doc__)
    parser.add_argument("--cameras", type=int, default=4, help="number of cameras (default: 4)")
    parser.add_argument("--seconds", type=float, default=30.0, help="duration of a run (default: 30)")
    parser.add_argument("--rate", type=float, default=10.0, help="rate of each camera in Hz (default: 10)")
    parser.add_argument("--width", type=int, default=640, help="width of the images (default: 640)")
    parser.add_argument("--height", type=int, default=480, help="height of the images (default: 480)")
    parser.add_argument(
        "--batch-cameras", type=int, default=1, help="images segmented in one call (default: 1)"
    )
    options = parser.parse_args(arguments)
    if options.seconds < 5 or options.cameras < 2:
        parser.error("--seconds must be at least 5 and --cameras at least 2")
    use_own_graph()
    try:
        memory_of_one, _ = _run(options, 1)
        memory_of_all, counts = _run(options, options.cameras)
    except ProgramFailure as error:
        print(f"eovseg-ros benchmark cameras: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130
    growth = (memory_of_all / memory_of_one - 1) / (options.cameras - 1)
    difference = max(counts) / min(counts) - 1 if min(counts) else float("inf")
    print(f"memory: {growth:+.1%} for each further camera, limit {_MOST_GROWTH:.0%}")
    print(f"frames of the cameras differ by {difference:.1%}, limit {_MOST_DIFFERENCE:.0%}")
    return int(not (growth < _MOST_GROWTH and difference <= _MOST_DIFFERENCE))


def _run(options: argparse.Namespace, number: int) -> tuple[float, list[int]]:
    """Return the node's memory in MB and the number of frames of each camera."""
    camera = {"rate": options.rate, "width": options.width, "height": options.height}
    names = [f"camera{i + 1}" for i in range(number)]
    node = {"batch_cameras": options.batch_cameras}
    with replayed_graph(camera=camera, node=node, names=names) as (probe, processes):
        before = _newest(probe, names)
        probe.spin_for(options.seconds)
        for process in processes:
            process.check_running()
        after = _newest(probe, names)
        counts = [after[name].published - before[name].published for name in names]
        memory = resident_kb(processes[0].pid) / 1000
    rates = ", ".join(f"{count / options.seconds:.1f}" for count in counts)
    print(f"{number} cameras at {options.rate:g} Hz: {memory:.0f} MB, frames/s {rates}", flush=True)
    return memory, counts


def _newest(probe: LatencyProbe, names: list[str]) -> dict[str, CameraStatus]:
    """Return the next status of each camera."""
    probe.forget()
    while len(probe.statuses) < len(names):
        probe.spin_for(0.1)
    return {status.name: status for status in probe.statuses[-len(names) :]}
