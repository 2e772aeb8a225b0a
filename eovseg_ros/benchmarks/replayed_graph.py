"""The node with one or several recorded cameras, and a probe of all that it publishes."""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import rclpy

from eovseg_ros.benchmarks.latency_probe import LatencyProbe
from eovseg_ros.processes import ChildProcess, ProgramFailure

_START_SECONDS = 240.0  # timeout for loading the model and building an engine
_TOPICS = {"image": "image_raw", "depth": "depth", "camera_info": "camera_info"}


@contextmanager
def replayed_graph(
    *, camera: Mapping[str, object], node: Mapping[str, object], names: Sequence[str] = ()
) -> Iterator[tuple[LatencyProbe, list[ChildProcess]]]:
    """Start the node and a recorded camera for each name, and wait for frames from the requested backend.

    Yields the probe of the first camera, the node and the cameras. Without names there is one camera. Points
    and markers are subscribed to if the node has use_depth.

    Raises ProgramFailure if no frames come in time, BackendFailure if the engine cannot be built.
    """
    prefixes = [f"{name}/" for name in names] or [""]
    remap = {
        f"{prefix}{own}": f"/{prefix}camera/{topic}" for prefix in prefixes for own, topic in _TOPICS.items()
    }
    node = {**node, "cameras": list(names)} if names else node
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        start = stack.enter_context
        processes = [
            start(ChildProcess("eovseg_ros.node.main", logs / "node.log", parameters=node, remappings=remap)),
            *(
                start(
                    ChildProcess(
                        "eovseg_ros.simulation.recorded_camera",
                        logs / f"camera_{number}.log",
                        parameters=camera,
                        remappings={f"/camera/{t}": f"/{prefix}camera/{t}" for t in _TOPICS.values()},
                    )
                )
                for number, prefix in enumerate(prefixes)
            ),
        ]
        rclpy.init()
        stack.callback(rclpy.try_shutdown)
        probe = LatencyProbe(prefixes[0], with_depth=bool(node.get("use_depth")))
        stack.callback(probe.close)
        deadline = time.monotonic() + _START_SECONDS
        while len(probe.arrivals) < 10 or not probe.settled:
            for process in processes:
                process.check_running()
            if time.monotonic() > deadline:
                logged = "\n".join(process.log for process in processes)
                late = f"no engine ({probe.backend})" if probe.arrivals else "no frames"
                raise ProgramFailure(f"{late} in {_START_SECONDS:.0f} s:\n{logged}")
            probe.spin_for(0.5)
        probe.forget()
        yield probe, processes
