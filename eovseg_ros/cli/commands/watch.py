"""The commands echo and view."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rclpy
from sensor_msgs.msg import Image

from eovseg_ros.cli.commands.command import Command
from eovseg_ros.cli.commands.full_name import full_name
from eovseg_ros.cli.commands.png_file import write_png
from eovseg_ros.cli.describe import describe_segments
from eovseg_ros.messages import image_to_array
from eovseg_ros.msg import PanopticSegmentation


def add_watch(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    echo = commands.add_parser("echo", help="print a line per frame with its segments")
    echo.add_argument("--count", type=int, default=0, help="frames to print (default: until Ctrl-C)")
    _add_camera(echo)
    echo.set_defaults(run=_echo)

    view = commands.add_parser("view", help="write overlays as PNG files")
    view.add_argument("folder", type=Path, help="output folder")
    view.add_argument("--count", type=int, default=1, help="frames to write (default: 1; 0: until Ctrl-C)")
    _add_camera(view)
    view.set_defaults(run=_view)


def _add_camera(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--camera", default="", help="name from the parameter cameras, if the node has several"
    )


def _echo(command: Command) -> None:
    print(f"{'stamp':>17}  {'version':>7}  {'segments':>8}  name and score, largest first")

    def show(message: PanopticSegmentation) -> None:
        print(describe_segments(message), flush=True)

    _receive(command, PanopticSegmentation, "segments", show)


def _view(command: Command) -> None:
    folder = command.options.folder
    folder.mkdir(parents=True, exist_ok=True)

    def write(message: Image) -> None:
        path = _path_of(folder, message)
        write_png(path, image_to_array(message))
        print(path, flush=True)

    _receive(command, Image, "overlay", write)


def _path_of(folder: Path, message: Image) -> Path:
    stamp = message.header.stamp
    return folder / f"overlay_{stamp.sec}_{stamp.nanosec:09d}.png"


def _receive(command: Command, message_type: type, topic: str, handle: Callable[[Any], None]) -> None:
    """Pass as many messages as `--count` to `handle`, or all until Ctrl-C if that is 0."""
    node, client, options = command
    wrong = f"--camera must be the name of a camera, such as front; got {options.camera!r}"
    name = full_name(node, "/".join(filter(None, (options.node, options.camera, topic))), wrong)
    received = 0

    def receive(message: object) -> None:
        nonlocal received
        if not options.count or received < options.count:
            handle(message)
        received += 1

    node.create_subscription(message_type, name, receive, 10)
    client.wait(lambda: received, options.timeout, f"no messages on {name}: does the node get images?")
    while not options.count or received < options.count:
        rclpy.spin_once(node)
