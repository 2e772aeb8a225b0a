"""The node with a recorded camera, and a probe of all that it publishes."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import rclpy

from eovseg_ros.benchmarks.latency_probe import LatencyProbe
from eovseg_ros.processes import ChildProcess

_START_SECONDS = 240.0  # timeout for loading the model and building an engine


@contextmanager
def replayed_graph(
    *, camera: Mapping[str, object], node: Mapping[str, object]
) -> Iterator[tuple[LatencyProbe, list[ChildProcess]]]:
    """Start the recorded camera and the node, and wait until frames come from the requested backend.

    Raises RuntimeError if no frames come in time, BackendFailure if the engine cannot be built.
    """
    remap = {"image": "/camera/image_raw"}
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        start = stack.enter_context
        processes = [
            start(ChildProcess("eovseg_ros.node.main", logs / "node.log", parameters=node, remappings=remap)),
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
                logged = "\n".join(process.log for process in processes)
                late = f"no engine ({probe.backend})" if probe.arrivals else "no frames"
                raise RuntimeError(f"{late} in {_START_SECONDS:.0f} s:\n{logged}")
            probe.spin_for(0.5)
        probe.forget()
        yield probe, processes
