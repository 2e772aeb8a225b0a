"""Command line arguments that determine a data set of sequences, without importing the renderer."""

import argparse
from pathlib import Path

from ..seeds import TEST, TRAINING, VALIDATION


def add_sequence_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the output folder, the seeds, and the number, rate and size of the frames."""
    add = parser.add_argument
    add("out", type=Path, help="output folder; an unfinished data set in it is continued")
    add("--sequences", type=int, default=50, metavar="N", help="number of sequences (default: %(default)s)")
    add("--frames", type=int, default=60, metavar="N", help="frames per sequence (default: %(default)s)")
    add("--rate", type=float, default=10.0, metavar="HZ", help="frames per second (default: %(default)g)")
    text = (
        f"seed of the first sequence: training seeds start at {TRAINING.start}, validation seeds at "
        f"{VALIDATION.start} (default), test seeds at {TEST.start}"
    )
    add("--seed", type=int, default=VALIDATION.start, help=text)
    add("--width", type=int, default=320, metavar="PIXELS", help="image width (default: %(default)s)")
    add("--height", type=int, default=240, metavar="PIXELS", help="image height (default: %(default)s)")
    add("--workers", type=int, default=2, metavar="N", help="number of processes (default: %(default)s)")
    add("--depth", action="store_true", help="write depth, too: 16-bit PNGs in millimetres")
    add("--kept-out", action="store_true", help="include objects that are kept out of training")
