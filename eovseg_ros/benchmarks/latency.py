"""How much the node adds to the model's own time, and whether latency grows under a camera that is too fast.

Every topic has a subscriber. Status 1 where one of the verdicts printed is bad.
"""

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import Image

from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.processes import ChildProcess, use_own_graph

_START_SECONDS = 240.0  # that loading the model and building an engine may take
_SLICE = 10.0  # seconds
_TOLERATED = 1.5  # last slice to first slice, medians; a queue would grow by seconds
_MOST_ADDED = 8.0  # ms of ROS path


class NodeTimes(NamedTuple):
    """What the node reports of itself: medians in ms, and whether images had to wait for the model."""

    model: float
    ros_path: float
    waiting: float
    overlay: float
    busy: bool


class LatencyProbe:
    """Subscribe to everything; note for every frame of ~/segments when it came and how old its image was."""

    def __init__(self) -> None:
        self._node = Node("latency_probe")
        self.arrivals: list[float] = []  # seconds of the steady clock
        self.latencies: list[float] = []  # ms from the camera's stamp
        self.reports: list[dict[str, str]] = []
        self.backend = ""  # what runs the model, as the node's newest report says
        self._node.create_subscription(PanopticSegmentation, "/eovseg/segments", self._receive, 10)
        for name in ("panoptic", "semantic", "overlay"):
            self._node.create_subscription(Image, f"/eovseg/{name}", lambda message: None, 1, raw=True)
        self._node.create_subscription(DiagnosticArray, "/diagnostics", self._keep_diagnostics, 10)

    @property
    def settled(self) -> bool:
        """Whether the backend that was asked for runs; RuntimeError if it never will."""
        name, _, state = self.backend.rpartition(" on ")[0].partition(": ")  # without the device
        if state.startswith("failed"):
            raise RuntimeError(f"{name} engine failed: {state.partition(': ')[2]}")
        return bool(self.backend) and not state.startswith(("building", "waiting"))

    def spin_for(self, seconds: float) -> None:
        """Receive for some time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            rclpy.spin_once(self._node, timeout_sec=0.1)

    def forget(self) -> None:
        """Start anew."""
        self.arrivals.clear()
        self.latencies.clear()
        self.reports.clear()

    def close(self) -> None:
        """Leave the graph."""
        self._node.destroy_node()

    def _receive(self, message: PanopticSegmentation) -> None:
        now = self._node.get_clock().now().nanoseconds
        stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        self.arrivals.append(time.monotonic())
        self.latencies.append((now - stamp) / 1e6)

    def _keep_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.startswith("/eovseg:"):
                self.reports.append({value.key: value.value for value in status.values})
                self.backend = self.reports[-1]["backend"]


def slice_medians(arrivals: list[float], latencies: list[float], start: float, seconds: float) -> list[float]:
    """Print a line for each slice and return the medians, ms; infinite where nothing came."""
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


def node_times(reports: list[dict[str, str]]) -> NodeTimes:
    """Sum up diagnostics by the median of each value; NaN where there is none."""

    def median(key: str) -> float:
        values = [float(report[key]) for report in reports]
        return statistics.median([v for v in values if not math.isnan(v)] or [math.nan])

    dropped = [int(report["dropped, replaced by a newer one"]) for report in reports]
    return NodeTimes(
        model=median("model time, median (ms)"),
        ros_path=median("ROS path, median (ms)"),
        waiting=median("of it waiting, median (ms)"),
        overlay=median("overlay drawing, median (ms)"),
        busy=bool(dropped) and dropped[-1] > dropped[0],
    )


def verdicts(times: NodeTimes) -> bool:
    """Print what the node adds and how long images wait, and whether both are as they should be.

    Waiting for a model that is busy is judged by itself: by one inference.
    """
    added = times.ros_path - times.waiting if times.busy else times.ros_path
    spare = times.ros_path - times.waiting
    reason = " without waiting, as the model is busy" if times.busy else ""
    print(f"model time, median: {times.model:.1f} ms")
    print(
        f"ROS path, median: {times.ros_path:.1f} ms, {spare:.1f} ms without waiting: "
        f"{_within(added, _MOST_ADDED)} {_MOST_ADDED:g} ms{reason}"
    )
    print(
        f"input latency (waiting), median: {times.waiting:.1f} ms: "
        f"{_within(times.waiting, times.model)} one inference"
    )
    print(f"overlay, median: {times.overlay:.1f} ms, beside all this")
    return added <= _MOST_ADDED and times.waiting <= times.model


def _within(value: float, limit: float) -> str:
    return "within" if value <= limit else "NOT within"


@contextmanager
def replayed_graph(
    *, camera: Mapping[str, object], node: Mapping[str, object]
) -> Iterator[tuple[LatencyProbe, list[ChildProcess]]]:
    """Start recorded camera and node; what follows runs once frames come from the backend that was asked for.

    RuntimeError if they do not come.
    """
    remap = {"image": "/camera/image_raw"}
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        start = stack.enter_context
        processes = [
            start(
                ChildProcess(
                    "eovseg_ros.node.panoptic_node", logs / "node.log", parameters=node, remappings=remap
                )
            ),
            start(
                ChildProcess("eovseg_ros.simulation.recorded_camera", logs / "camera.log", parameters=camera)
            ),
        ]
        rclpy.init()
        stack.callback(rclpy.try_shutdown)
        probe = LatencyProbe()
        stack.callback(probe.close)
        deadline = time.monotonic() + _START_SECONDS
        while len(probe.arrivals) < 10 or not probe.settled:
            for process in processes:
                process.check_running()
            if time.monotonic() > deadline:
                words = "\n".join(process.log for process in processes)
                late = f"no engine ({probe.backend})" if probe.arrivals else "no frames"
                raise RuntimeError(f"{late} in {_START_SECONDS:.0f} s:\n{words}")
            probe.spin_for(0.5)
        probe.forget()
        yield probe, processes


def main(arguments: list[str] | None = None) -> int:
    """Measure; 1 where a verdict is bad or nothing came."""
    options = _parse(arguments)
    use_own_graph()
    camera = {"rate": options.rate, "width": options.width, "height": options.height}
    node = {name: getattr(options, name) for name in ("checkpoint", "variant", "device")}
    node |= {name: getattr(options, name) for name in ("backend", "precision", "threads", "parallel_frames")}
    try:
        with replayed_graph(camera=camera, node=node) as (probe, processes):
            return _measure(probe, processes, options)
    except RuntimeError as error:
        print(f"latency_benchmark: {error}", file=sys.stderr)
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
    print(f"backend: {probe.backend}")
    medians = slice_medians(probe.arrivals, probe.latencies, start, options.seconds)
    good = verdicts(node_times(probe.reports))
    grows = not medians[-1] <= _TOLERATED * medians[0]
    verdict = "GROWS" if grows else "does not grow"
    print(f"latency {verdict}: {medians[0]:.1f} ms at first, {medians[-1]:.1f} ms at last")
    return int(grows or not good)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eovseg_ros.benchmarks.latency", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of measuring (default: 60)")
    parser.add_argument("--rate", type=float, default=30.0, help="of the camera in Hz (default: 30)")
    parser.add_argument("--width", type=int, default=320, help="pixels (default: 320)")
    parser.add_argument("--height", type=int, default=240, help="pixels (default: 240)")
    parser.add_argument("--variant", default="tiny", help="of the model (default: tiny)")
    parser.add_argument("--checkpoint", default="", help="weights (default: those of the package)")
    parser.add_argument("--device", default="auto", help="of the model (default: auto)")
    parser.add_argument("--backend", default="auto", help="of the model (default: auto)")
    parser.add_argument("--precision", default="fp32", help="of the model (default: fp32)")
    parser.add_argument("--threads", type=int, default=1, help="of the model (default: 1)")
    parser.add_argument("--parallel-frames", type=int, default=1, help="of the node (default: 1)")
    options = parser.parse_args(arguments)
    if options.seconds < 1:
        parser.error("--seconds must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
