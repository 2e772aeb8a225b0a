"""Entry point of `eovseg-ros`: parse the arguments and run a command."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rclpy
from PIL import Image as Picture
from rclpy.exceptions import NameValidationException
from rclpy.expand_topic_name import expand_topic_name
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args
from rclpy.validate_full_topic_name import validate_full_topic_name
from sensor_msgs.msg import Image

from eovseg_ros.cli.describe import describe_segments, describe_status, describe_vocabulary
from eovseg_ros.clients import ClientError, NodeClient
from eovseg_ros.messages import image_to_array
from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.processes import ArgumentError, Ending, check_ros_arguments, shut_down, until_shutdown


def main(arguments: list[str] | None = None, ending: Ending | None = None) -> int:
    """Run a command until it is done or a signal arrives; return 1, with a reason on stderr, if it fails."""
    ending = ending or Ending()
    words = sys.argv[1:] if arguments is None else arguments
    try:
        check_ros_arguments(words)
    except ArgumentError as error:
        print(f"eovseg-ros: {error}", file=sys.stderr)
        return 1
    parser = _parser()
    options, others = parser.parse_known_args(remove_ros_args(words))
    if hasattr(options, "program"):
        ending.raise_interrupts()
        return options.program(others)
    if others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    ending.call(lambda: None)  # a signal must not interrupt the node while it joins the graph
    rclpy.init(args=words, signal_handler_options=SignalHandlerOptions.NO)
    node = Node("eovseg_cli")
    ending.call(shut_down)
    try:
        with until_shutdown():
            options.node = _full_name(node, options.node)
            options.run(node, NodeClient(node, options.node), options)
        return 0
    except ClientError as error:
        print(f"eovseg-ros: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `eovseg-ros echo | head`
        return 0
    except OSError as error:
        print(f"eovseg-ros: {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
        return 1
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="eovseg-ros", description="Monitor and control a running node.")
    parser.add_argument("--node", default="/eovseg", help="name of the node (default: /eovseg)")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds to wait (default: 60)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    status = commands.add_parser("status", help="print state, rates, latency and errors of the node")
    status.set_defaults(run=_status)

    vocabulary = commands.add_parser("vocabulary", help="print or change the vocabulary of the node")
    actions = vocabulary.add_subparsers(required=True, metavar="ACTION")
    get = actions.add_parser("get", help="print the live vocabulary")
    get.set_defaults(run=_get)
    change = actions.add_parser("set", help="change the vocabulary and print it once it is live")
    change.add_argument(
        "entry", nargs="+", help="a class: 'mug', 'mug,cup', 'floor|stuff'; or a named set: @coco_panoptic"
    )
    change.set_defaults(run=_set)

    echo = commands.add_parser("echo", help="print a line per frame with its segments")
    echo.add_argument("--count", type=int, default=0, help="frames to print (default: until Ctrl-C)")
    echo.set_defaults(run=_echo)

    view = commands.add_parser("view", help="write overlays as PNG files")
    view.add_argument("folder", type=Path, help="output folder")
    view.add_argument("--count", type=int, default=1, help="frames to write (default: 1; 0: until Ctrl-C)")
    view.set_defaults(run=_view)

    # Programs with their own nodes, arguments and --help.
    demo = commands.add_parser("demo", help="run the demo; --help lists its arguments", add_help=False)
    demo.set_defaults(program=_demo)
    benchmark = commands.add_parser("benchmark", help="measure latency or discovery, or run a soak test")
    measures = benchmark.add_subparsers(required=True, metavar="WHAT")
    latency = measures.add_parser(
        "latency",
        help="measure the time that the node adds to the model's",
        add_help=False,
    )
    latency.set_defaults(program=_benchmark_latency)
    discovery = measures.add_parser(
        "discovery", help="measure how long two processes take to discover each other", add_help=False
    )
    discovery.set_defaults(program=_benchmark_discovery)
    soak = measures.add_parser(
        "soak", help="check memory, losses and results over many frames and changes", add_help=False
    )
    soak.set_defaults(program=_benchmark_soak)
    return parser


def _full_name(node: Node, name: str) -> str:
    try:
        full = expand_topic_name(name, node.get_name(), node.get_namespace())
        validate_full_topic_name(full)
        return full
    except (ValueError, NameValidationException) as error:
        raise ClientError(f"--node must be a node's name, such as /robot/eovseg; got {name!r}") from error


def _demo(arguments: list[str]) -> int:
    from eovseg_ros.demo import main as play

    return play(arguments)


def _benchmark_latency(arguments: list[str]) -> int:
    from eovseg_ros.benchmarks import measure_latency

    return measure_latency(arguments)


def _benchmark_discovery(arguments: list[str]) -> int:
    from eovseg_ros.benchmarks import measure_discovery

    return measure_discovery(arguments)


def _benchmark_soak(arguments: list[str]) -> int:
    from eovseg_ros.benchmarks import measure_soak

    return measure_soak(arguments)


def _status(node: Node, client: NodeClient, options: argparse.Namespace) -> None:
    print(describe_status(client.get_status(options.timeout)))


def _get(node: Node, client: NodeClient, options: argparse.Namespace) -> None:
    print(describe_vocabulary(client.get_vocabulary(options.timeout)))


def _set(node: Node, client: NodeClient, options: argparse.Namespace) -> None:
    print(describe_vocabulary(client.set_vocabulary(options.entry, options.timeout)))


def _echo(node: Node, client: NodeClient, options: argparse.Namespace) -> None:
    print(f"{'stamp':>17}  {'version':>7}  {'segments':>8}  name and score, largest first")

    def show(message: PanopticSegmentation) -> None:
        print(describe_segments(message), flush=True)

    _receive(node, client, PanopticSegmentation, "segments", show, options)


def _view(node: Node, client: NodeClient, options: argparse.Namespace) -> None:
    options.folder.mkdir(parents=True, exist_ok=True)

    def write(message: Image) -> None:
        path = _path_of(options.folder, message)
        try:
            Picture.fromarray(image_to_array(message)).save(path, format="png")
        except OSError as error:  # Pillow leaves the name out
            raise OSError(error.errno, error.strerror, str(path)) from error
        print(path, flush=True)

    _receive(node, client, Image, "overlay", write, options)


def _path_of(folder: Path, message: Image) -> Path:
    stamp = message.header.stamp
    return folder / f"overlay_{stamp.sec}_{stamp.nanosec:09d}.png"


def _receive(
    node: Node,
    client: NodeClient,
    message_type: type,
    topic: str,
    handle: Callable[[Any], None],
    options: argparse.Namespace,
) -> None:
    """Pass `options.count` messages to `handle`, or all until Ctrl-C if that is 0."""
    name = f"{options.node}/{topic}"
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
