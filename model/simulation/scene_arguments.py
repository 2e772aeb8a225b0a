"""Command line arguments that determine a data set of scenes, without importing the renderer."""

import argparse
from pathlib import Path

from .seeds import TEST, TRAINING, VALIDATION


def add_scene_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the output folder, the seeds, sizes and kinds of scenes."""
    add = parser.add_argument
    add("out", type=Path, help="output folder; an unfinished data set in it is continued")
    add("--scenes", type=int, default=1000, metavar="N", help="number of scenes (default: %(default)s)")
    text = (
        f"seed of the first scene: training seeds start at {TRAINING.start} (default), validation seeds at "
        f"{VALIDATION.start}, test seeds at {TEST.start}"
    )
    add("--seed", type=int, default=TRAINING.start, help=text)
    add("--views", type=int, default=1, metavar="N", help="images per scene (default: %(default)s)")
    add("--width", type=int, default=256, metavar="PIXELS", help="image width (default: %(default)s)")
    add("--height", type=int, default=192, metavar="PIXELS", help="image height (default: %(default)s)")
    add("--workers", type=int, default=2, metavar="N", help="number of processes (default: %(default)s)")
    add("--kept-out", action="store_true", help="include objects that are kept out of training")
    text = "exceed the default ranges of lights, textures, object counts and poses"
    add("--harder", action="store_true", help=text)
