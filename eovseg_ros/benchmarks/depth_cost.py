"""Measure what depth adds to the time of a frame: positions, boxes, markers and a cloud.

The node runs without and with depth in turn, on the same images; all topics have a subscriber. The exit
status is 1 if depth adds more than 8 ms.
"""

import argparse
import statistics
import sys

from rclpy.executors import ExternalShutdownException

from eovseg_ros.benchmarks.latency import node_times
from eovseg_ros.benchmarks.replayed_graph import replayed_graph
from eovseg_ros.processes import ProgramFailure, use_own_graph

_MOST_ADDED = 8.0  # ms


def measure_depth_cost(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return 1 if the result is outside its limit or no frame came."""
    parser = argparse.ArgumentParser(prog="eovseg-ros benchmark depth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs without and with depth (default: 3)")
    parser.add_argument("--seconds", type=float, default=15.0, help="duration of a run (default: 15)")
    parser.add_argument("--rate", type=float, default=10.0, help="rate of the camera in Hz (default: 10)")
    parser.add_argument("--width", type=int, default=640, help="width of the images (default: 640)")
    parser.add_argument("--height", type=int, default=480, help="height of the images (default: 480)")
    parser.add_argument("--points-stride", type=int, default=2, help="stride of the cloud (default: 2)")
    options = parser.parse_args(arguments)
    if options.seconds < 5 or options.rounds < 1:
        parser.error("--seconds must be at least 5 and --rounds at least 1")
    use_own_graph()
    paths: dict[bool, list[float]] = {False: [], True: []}
    try:
        for number in range(options.rounds):
            for use_depth in (False, True):
                paths[use_depth].append(_ros_path(options, use_depth))
                title = "with depth" if use_depth else "without depth"
                print(f"round {number + 1}, {title}: ROS path {paths[use_depth][-1]:.1f} ms", flush=True)
    except ProgramFailure as error:
        print(f"eovseg-ros benchmark depth: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130
    without, with_depth = statistics.median(paths[False]), statistics.median(paths[True])
    added = with_depth - without
    verdict = "within" if added <= _MOST_ADDED else "NOT within"
    print(
        f"ROS path without waiting, {options.width}x{options.height}, medians: {without:.1f} ms without "
        f"depth, {with_depth:.1f} ms with it\ndepth adds {added:.1f} ms: {verdict} {_MOST_ADDED:g} ms"
    )
    return int(not added <= _MOST_ADDED)


def _ros_path(options: argparse.Namespace, use_depth: bool) -> float:
    """Return the median ROS path in ms without waiting. Raises ProgramFailure if depth does not arrive."""
    camera = {"rate": options.rate, "width": options.width, "height": options.height}
    node = {"use_depth": use_depth, "points_stride": options.points_stride}
    with replayed_graph(camera=camera, node=node) as (probe, processes):
        probe.spin_for(options.seconds)
        for process in processes:
            process.check_running()
        times = node_times(probe.statuses)
        if use_depth and not any(status.frames_with_depth for status in probe.statuses):
            reason = probe.statuses[-1].depth_error if probe.statuses else "no status came from the node"
            raise ProgramFailure(f"no frame had depth: {reason}")
        return times.ros_path - times.waiting
