"""The command `eovseg-bags example`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from eovseg_ros.bags.number_arguments import number

_FRAMES_PER_SECOND = 10


def add_example_command(commands: Any) -> None:
    """Declare the command."""
    about = "write the recorded robot camera as a bag: images, depth and calibration, 320x240 at 10 Hz"
    parser = commands.add_parser("example", help="write a bag to try label with", description=about)
    parser.add_argument("file", type=Path, metavar="FILE.mcap")
    text = "length of the bag (default: 56, the whole recording; then it repeats)"
    parser.add_argument("--seconds", type=number(0.1), default=56.0, help=text)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, command: str) -> int:
    from eovseg_ros.bags.benchmark.recorded_bag import read_recording, write_recorded_bag
    from eovseg_ros.bags.errors import BagError

    if options.file.exists():
        print(f"eovseg-bags: {options.file} exists: remove it, or name another file", file=sys.stderr)
        return 1
    try:
        frames = round(options.seconds * _FRAMES_PER_SECOND)
        write_recorded_bag(options.file, read_recording(), 0, frames, depth=True)
    except BagError as error:
        print(f"eovseg-bags: {error}", file=sys.stderr)
        return 1
    print(f"wrote {frames} images to {options.file}")
    return 0
