"""The arguments of the demo."""

import argparse
from pathlib import Path

from eovseg_ros.demo.camera import DemoCamera, choose_camera

_TITLE = "Run a robot's camera and the node, change the vocabulary meanwhile, and save a video and images."


def parse_arguments(arguments: list[str] | None) -> tuple[argparse.Namespace, DemoCamera]:
    """Return the options and the camera; end the program if they are invalid."""
    parser = argparse.ArgumentParser(prog="eovseg-ros demo", description=_TITLE)
    parser.add_argument("--seconds", type=float, default=44.0, help="duration of all acts (default: 44)")
    parser.add_argument(
        "--fast-seconds", type=float, default=6.0, help="duration of the speed test (default: 6)"
    )
    parser.add_argument(
        "--fast-backend",
        default="",
        help="backend of the speed test (default: openvino if installed, else torch)",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("demo_output"), help="output folder (default: demo_output)"
    )
    parser.add_argument(
        "--camera",
        choices=("auto", "sim", "recorded"),
        default="auto",
        help="simulated, recorded, or auto: simulated if PyBullet is available (default: auto)",
    )
    parser.add_argument("--rate", type=float, default=10.0, help="rate of the camera in Hz (default: 10)")
    parser.add_argument(
        "--seed", type=int, default=3_000_000, help="seed of the first simulated scene (default: 3000000)"
    )
    parser.add_argument("--checkpoint", default="", help="weights of tiny (default: the package's)")
    options = parser.parse_args(arguments)
    try:
        return options, choose_camera(options.camera, rate=options.rate, seed=options.seed)
    except ValueError as error:
        parser.error(str(error))
