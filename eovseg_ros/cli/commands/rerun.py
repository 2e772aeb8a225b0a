"""The command rerun."""

import argparse
from pathlib import Path

from eovseg_ros.cli.commands.command import Command
from eovseg_ros.viewer import Destination


def add_rerun(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    rerun = commands.add_parser(
        "rerun", help="show the node in the Rerun viewer: images, labels, boxes, points, rates"
    )
    rerun.add_argument(
        "--camera",
        action="append",
        default=[],
        help="name from the parameter cameras; may be repeated (default: all)",
    )
    where = rerun.add_mutually_exclusive_group()
    where.add_argument(
        "--connect", default="", metavar="HOST[:PORT]", help="a viewer that runs elsewhere, or its URL"
    )
    where.add_argument("--save", type=Path, metavar="FILE", help="write an .rrd file instead of showing it")
    rerun.add_argument(
        "--memory-limit",
        default=Destination().memory_limit,
        help="memory of the viewer that is started, which drops the oldest data first (default: %(default)s)",
    )
    rerun.set_defaults(run=_rerun)


def _rerun(command: Command) -> None:
    from eovseg_ros.viewer import stream

    options = command.options
    destination = Destination(options.save, options.connect, options.memory_limit)
    stream(
        command.node,
        command.client,
        options.node,
        cameras=options.camera,
        destination=destination,
        seconds=options.timeout,
    )
