"""Entry point of `eovseg`: parse the arguments and run a subcommand."""

import argparse
import sys
from collections.abc import Sequence

from ..checkpoint import enable_malloc_options
from . import benchmark, evaluate, export, gpu_check, info, scenes, segment, train, weights
from .arguments.errors import CommandError

# A subcommand is a module of this folder. Its name, with - for _, and its docstring are the name and help.
# It has add_arguments(parser) and run(arguments), which returns the exit code and does all heavy imports.
COMMANDS = (segment, train, evaluate, scenes, info, weights, benchmark, gpu_check, export)
USER_MISTAKE = 2  # exit code, the same as argparse's
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `eovseg` with the arguments (default: those of the process) and return the exit code."""
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
    """Return the parser with all subcommands, without heavy imports."""
    parser = argparse.ArgumentParser(
        prog="eovseg", description="Open-vocabulary panoptic segmentation of images and videos."
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2].replace("_", "-")
        text = command.__doc__ or ""
        subparser = subparsers.add_parser(name, help=text.splitlines()[0], description=text)
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
