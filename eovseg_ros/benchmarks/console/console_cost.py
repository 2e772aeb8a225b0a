"""Measure what an open page of `eovseg-ros web` costs the node, and how fast its pictures arrive.

1. The rate of the node on a recorded camera, without and with a page, in turn.
2. The time from the publication of an overlay to its arrival in the client, at the same rate.
3. The memory of the console over many pictures, sent as fast as the client takes them.

The client opens the page and its WebSocket, and fetches pictures as a browser does, without drawing them.
The exit status is 1 if the rate falls by more than 5 %, if the median of the times is over 150 ms, or if
memory grows by more than 10 MB.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from eovseg_ros.benchmarks.console.page_client import PageClient
from eovseg_ros.benchmarks.console.stand_in_node import NAME, StandInNode
from eovseg_ros.benchmarks.resident_memory import resident_kb
from eovseg_ros.clients import ClientError, NodeClient
from eovseg_ros.processes import ChildProcess, ProgramFailure, use_own_graph

_MOST_LOSS = 0.05
_MOST_SECONDS = 0.15
_MOST_GROWTH = 10.0  # MB
_WARM_UP = 300  # pictures, before memory is read for the first time
_START_SECONDS = 120.0


def measure_console(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return 1 if a result is outside its limit or no frame came."""
    options = _parse(arguments)
    use_own_graph()
    try:
        rates = _measure_rates(options)
        ages, growth = _measure_pictures(options)
    except (ProgramFailure, ClientError, TimeoutError) as error:
        print(f"eovseg-ros benchmark web: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130
    loss = 1 - rates[True] / rates[False]
    median, late = statistics.median(ages), statistics.quantiles(ages, n=100)[98]
    print(
        f"node without a page {rates[False]:.2f} Hz, with one {rates[True]:.2f} Hz: {-loss:+.1%}, limit -5%\n"
        f"publication to client: median {1000 * median:.0f} ms, limit 150 ms; "
        f"99th percentile {1000 * late:.0f} ms\n"
        f"memory of the console after {options.frames} pictures: {growth:+.1f} MB, limit {_MOST_GROWTH:+.0f}"
    )
    return int(not (loss <= _MOST_LOSS and median <= _MOST_SECONDS and growth <= _MOST_GROWTH))


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="eovseg-ros benchmark web",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=3, help="runs without and with a page (default: 3)")
    parser.add_argument("--seconds", type=float, default=15.0, help="duration of a run (default: 15)")
    parser.add_argument("--rate", type=float, default=10.0, help="rate of the camera in Hz (default: 10)")
    parser.add_argument("--width", type=int, default=640, help="width of the images (default: 640)")
    parser.add_argument("--height", type=int, default=480, help="height of the images (default: 480)")
    parser.add_argument(
        "--frames",
        type=int,
        default=3600,
        help="pictures for the memory; 36000 are an hour's (default: 3600)",
    )
    options = parser.parse_args(arguments)
    if options.seconds < 5 or options.rounds < 1 or options.frames < 1:
        parser.error("--seconds must be at least 5, --rounds and --frames at least 1")
    return options


def _measure_rates(options: argparse.Namespace) -> dict[bool, float]:
    """Return the median rate of the node without and with a page, Hz."""
    camera = {"rate": options.rate, "width": options.width, "height": options.height}
    found: dict[bool, list[float]] = {False: [], True: []}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        remap = {"image": "/camera/image_raw"}
        for module, parameters, remappings in (
            ("eovseg_ros.simulation.recorded_camera", camera, None),
            ("eovseg_ros.node.main", {}, remap),
        ):
            log = folder / f"{module}.log"
            stack.enter_context(ChildProcess(module, log, parameters=parameters, remappings=remappings))
        console, url = stack.enter_context(_console("/eovseg", folder))
        node = stack.enter_context(_ros_node())
        client = NodeClient(node, "/eovseg")
        client.wait(lambda: _published(client) > 10, _START_SECONDS, "the node publishes no frames")
        for number in range(options.rounds):
            for opened in (False, True):
                with PageClient(url) if opened else ExitStack() as page:
                    if isinstance(page, PageClient):
                        page.wait_for(10, 20)
                    start, used = time.monotonic(), _cpu_seconds(console.pid)
                    found[opened].append(_rate(client, options.seconds))
                    share = (_cpu_seconds(console.pid) - used) / (time.monotonic() - start)
                title = "with a page" if opened else "without a page"
                print(
                    f"round {number + 1}, {title}: node {found[opened][-1]:.2f} Hz, "
                    f"console {share:.1%} of a core",
                    flush=True,
                )
    return {opened: statistics.median(values) for opened, values in found.items()}


def _rate(client: NodeClient, seconds: float) -> float:
    """Return the frames per second between two statuses."""
    first = _next_status(client)
    end = time.monotonic() + seconds
    client.wait(lambda: time.monotonic() > end, seconds + 1, "")
    last = _next_status(client)
    return (last[1] - first[1]) / (last[0] - first[0])


def _cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _next_status(client: NodeClient) -> tuple[float, int]:
    """Return the time of the next status, seconds, and the frames published by then."""
    before = client.status
    client.wait(lambda: client.status is not before, 15, "the node sends no status")
    assert client.status
    stamp = client.status.header.stamp
    return stamp.sec + stamp.nanosec / 1e9, _published(client)


def _published(client: NodeClient) -> int:
    return client.status.cameras[0].published if client.status else 0


def _measure_pictures(options: argparse.Namespace) -> tuple[list[float], float]:
    """Return the ages of pictures on arrival, seconds, and the growth of the console's memory, MB."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        process, url = stack.enter_context(_console(NAME, folder))
        node = stack.enter_context(_ros_node())
        source = StandInNode(node, width=options.width, height=options.height)
        page = stack.enter_context(PageClient(url))
        deadline = time.monotonic() + 20
        while not source.watched:
            if time.monotonic() > deadline:
                raise ProgramFailure(f"the console does not subscribe to {NAME}/overlay: {page.error}")
            time.sleep(0.05)
        _publish(source, page, _WARM_UP)
        page.ages.clear()
        for _ in range(int(options.seconds * options.rate)):
            source.publish()
            time.sleep(1 / options.rate)
        ages = page.ages.copy()
        if len(ages) < 20:
            raise ProgramFailure(f"the client received {len(ages)} pictures: {page.error}")
        before = resident_kb(process.pid)
        _publish(source, page, options.frames)
        return ages, (resident_kb(process.pid) - before) / 1000


def _publish(source: StandInNode, page: PageClient, count: int) -> None:
    """Publish until so many further pictures have arrived, each after the one before or after 0.2 s."""
    wanted = len(page.ages) + count
    while (arrived := len(page.ages)) < wanted:
        source.publish()
        late = time.monotonic() + 0.2
        while len(page.ages) == arrived and time.monotonic() < late:
            time.sleep(0.001)
        if page.error:
            raise ProgramFailure(f"the client failed: {page.error}")


@contextmanager
def _console(node: str, folder: Path) -> Iterator[tuple[ChildProcess, str]]:
    """Start a console, and give its process and address."""
    log = folder / f"console{node.replace('/', '_')}.log"
    command = ("web", "--port", "0", "--node", node)
    with ChildProcess("eovseg_ros.cli.program", log, arguments=command) as process:
        process.wait_for_log("Ctrl-C", 60)
        match = re.search(r"http://\S+", process.log)
        assert match
        yield process, match[0]


@contextmanager
def _ros_node() -> Iterator[Node]:
    rclpy.init()
    node = Node("console_benchmark")
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
