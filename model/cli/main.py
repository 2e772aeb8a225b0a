"""Entry point of `eovseg`: reads the arguments and hands over to a subcommand."""

import argparse
import sys
from collections.abc import Sequence

from ..checkpoint import enable_malloc_options
from . import benchmark, evaluate, export, info, scenes, segment, train, weights
from .arguments.errors import CommandError

# A subcommand is a module of this folder: its name, its docstring, add_arguments(parser), run(arguments) that
# returns the exit code. It imports what is heavy only when it runs.
COMMANDS = (segment, train, evaluate, scenes, info, weights, benchmark, export)
USER_MISTAKE = 2  # exit code, also argparse's own
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `eovseg` with these arguments, by default the process's own, and return the exit code."""
    enable_malloc_options()
    args = build_parser().parse_args(arguments)
    try:
        return args.run(args)
    except (CommandError, OSError) as error:
        print(f"eovseg: {error}", file=sys.stderr)
        return USER_MISTAKE
    except KeyboardInterrupt:
        print("eovseg: interrupted", file=sys.stderr)
        return INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """The parser with every subcommand; imports nothing heavy."""
    parser = argparse.ArgumentParser(
        prog="eovseg", description="Open-vocabulary panoptic segmentation of images and videos."
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        name, text = command.__name__.rpartition(".")[2], command.__doc__ or ""
        subparser = subparsers.add_parser(name, help=text.splitlines()[0], description=text)
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
