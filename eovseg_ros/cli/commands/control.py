"""The commands status, vocabulary, enable and disable."""

import argparse

from eovseg_ros.cli.commands.command import Command
from eovseg_ros.cli.describe import describe_status, describe_vocabulary


def add_control(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
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

    enable = commands.add_parser("enable", help="activate the node: segment the camera's images")
    enable.set_defaults(run=_enable, wanted=True)
    disable = commands.add_parser("disable", help="deactivate the node; the model stays loaded")
    disable.set_defaults(run=_enable, wanted=False)


def _status(command: Command) -> None:
    print(describe_status(command.client.get_status(command.options.timeout)))


def _get(command: Command) -> None:
    print(describe_vocabulary(command.client.get_vocabulary(command.options.timeout)))


def _set(command: Command) -> None:
    live = command.client.set_vocabulary(command.options.entry, command.options.timeout)
    print(describe_vocabulary(live))


def _enable(command: Command) -> None:
    print(command.client.enable(command.options.wanted, command.options.timeout))
