"""Check an NVIDIA GPU: correctness and speed of every backend, in about eight minutes.

Needs no network, no ROS and no checkpoint: weights, pictures and text are made up. Prints tables, and writes
them to gpu_check.md and gpu_check.json after every part. Exit code 1: a part failed or is out of bounds.
"""

import argparse
from pathlib import Path

from .arguments.errors import CommandError

FAILED = 1  # exit code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    add("--device", default="cuda", help="cuda, cuda:1, ..., or cpu to try the command (default: cuda)")
    add("--quick", action="store_true", help="try the command with tiny and small images in half a minute")
    text = "time for all parts; parts without time are skipped (default: 8)"
    add("--minutes", type=_minutes, default=8.0, metavar="N", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Check, and print the Markdown. Raises CommandError if the device cannot be used."""
    from ..backends import BackendError, resolve_device
    from ..benchmark import run_gpu_check

    try:
        device = resolve_device(arguments.device)
    except BackendError as error:
        raise CommandError(str(error)) from error
    report = run_gpu_check(
        arguments.out, device=str(device), quick=arguments.quick, minutes=arguments.minutes
    )
    print(report.as_markdown())
    return 0 if report.good else FAILED


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of minutes above 0; got {text!r}")
    return minutes
