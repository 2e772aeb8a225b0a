"""Entry point of `eovseg-ros`: parse the arguments and run a command."""

import argparse
import sys

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from eovseg_ros.cli.commands.command import Command
from eovseg_ros.cli.commands.control import add_control
from eovseg_ros.cli.commands.full_name import full_name
from eovseg_ros.cli.commands.programs import add_programs
from eovseg_ros.cli.commands.rerun import add_rerun
from eovseg_ros.cli.commands.segment import add_segment
from eovseg_ros.cli.commands.watch import add_watch
from eovseg_ros.clients import ClientError, NodeClient
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
        named = [] if options.node == parser.get_default("node") else ["--node", options.node]
        return options.program([*named, *others])
    if others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    ending.call(lambda: None)  # a signal must not interrupt the node while it joins the graph
    rclpy.init(args=words, signal_handler_options=SignalHandlerOptions.NO)
    node = Node("eovseg_cli")
    ending.call(shut_down)
    try:
        with until_shutdown():
            wrong = f"--node must be a node's name, such as /robot/eovseg; got {options.node!r}"
            options.node = full_name(node, options.node, wrong)
            options.run(Command(node, NodeClient(node, options.node), options))
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
    add_control(commands)
    add_segment(commands)
    add_watch(commands)
    add_rerun(commands)
    add_programs(commands)
    return parser
