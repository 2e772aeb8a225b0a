"""Measure how long two new processes take to discover each other, with config/fastdds.xml and without."""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rclpy
from ament_index_python.packages import get_package_share_directory
from rclpy.node import Node
from std_msgs.msg import Float64

from eovseg_ros.processes import until_shutdown, use_own_graph

_TOPIC = "discovery_benchmark"
_LONGEST = 30.0  # seconds
_LATE = 1.0  # seconds


def measure_discovery(arguments: list[str] | None = None) -> int:
    """Start pairs of processes and print how long their discovery took."""
    options = _parse(arguments)
    if options.role:
        {"talk": _talk, "listen": _listen}[options.role]()
        return 0
    use_own_graph()
    shipped = Path(get_package_share_directory("eovseg_ros"), "config", "fastdds.xml")
    profile = options.profile or shipped
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "plain.xml")
        plain.write_text(without_discovery(profile.read_text()))
        for name, path in (("without", plain), ("with", profile)):
            seconds = sorted(_seconds_of_a_pair(path) for _ in range(options.pairs))
            print(
                f"{name:>7} its discovery settings: median {statistics.median(seconds):.2f} s, "
                f"longest {seconds[-1]:.2f} s, {sum(s > _LATE for s in seconds)} of {len(seconds)} pairs "
                f"took more than {_LATE:g} s",
                flush=True,
            )
    return 0


def without_discovery(profile: str) -> str:
    """Return a profile without its discovery settings."""
    return re.sub(r"<builtin>.*?</builtin>", "", profile, flags=re.DOTALL)


def _seconds_of_a_pair(profile: Path) -> float:
    environment = os.environ | {"FASTRTPS_DEFAULT_PROFILES_FILE": str(profile)}
    command = [sys.executable, "-m", "eovseg_ros.benchmarks.discovery", "--role"]
    with subprocess.Popen([*command, "talk"], env=environment) as talker:
        try:
            heard = subprocess.run(
                [*command, "listen"], env=environment, capture_output=True, text=True, check=True
            )
        finally:
            talker.terminate()
    return float(heard.stdout)


def _talk() -> None:
    """Publish repeatedly when this process was ready."""
    rclpy.init()
    publisher = Node("talker").create_publisher(Float64, _TOPIC, 1)
    ready = time.monotonic()
    with until_shutdown():
        while time.monotonic() < ready + _LONGEST:
            publisher.publish(Float64(data=ready))
            time.sleep(0.01)


def _listen() -> None:
    """Print the seconds between the time when both processes were ready and the first message."""
    rclpy.init()
    node = Node("listener")
    heard: list[float] = []

    def hear(message: Float64) -> None:
        heard.append(message.data)

    node.create_subscription(Float64, _TOPIC, hear, 1)
    ready = time.monotonic()
    while not heard and time.monotonic() < ready + _LONGEST:
        rclpy.spin_once(node, timeout_sec=0.1)
    now = time.monotonic()
    print(now - max(ready, heard[0]) if heard else _LONGEST)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="eovseg-ros benchmark discovery", description=__doc__)
    parser.add_argument("--pairs", type=int, default=20, help="pairs with each setting (default: 20)")
    parser.add_argument("--profile", type=Path, help="Fast DDS profile (default: config/fastdds.xml)")
    parser.add_argument("--role", choices=("talk", "listen"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(measure_discovery())
