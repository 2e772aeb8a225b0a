"""Print parameters and multiply-adds of every part, compared with the paper."""

import argparse
import re

from ..evaluation import TABLE_1
from ..network import CONFIGS
from .arguments.errors import CommandError

NOTE = """\
A multiply-add counts as one. Matrix products and convolutions are counted, including the products in
deformable convolutions, but not sampling, norms and activations. The paper counts differently, and includes
a text block of 3.15 M parameters instead of the visual block of 7.09 M in the published weights."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--variant", choices=CONFIGS, default="s")
    parser.add_argument("--size", default="640x640", help="height x width of the input (default: 640x640)")
    parser.add_argument(
        "--vocabulary-size", type=int, default=150, help="number of classes with one name each (default: 150)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the table; needs neither weights nor computation."""
    from ..network import count

    size = input_size(arguments.size)
    if arguments.vocabulary_size < 1:
        raise CommandError("--vocabulary-size must be at least 1")
    parts = count(arguments.variant, size, arguments.vocabulary_size)
    print(f"{arguments.variant}, {size[0]}x{size[1]}, {arguments.vocabulary_size} classes")
    print(f"{'':24}{'parameters (M)':>16}{'multiply-adds (G)':>20}")
    for part in parts:
        cost = "once per name" if part.multiply_adds is None else f"{part.multiply_adds / 1e9:.2f}"
        print(f"{part.name:24}{part.parameters / 1e6:16.2f}{cost:>20}")
    whole = [part for part in parts if part.multiply_adds is not None]
    parameters, operations = sum(p.parameters for p in whole), sum(p.multiply_adds or 0 for p in whole)
    print(f"{'without text encoder':24}{parameters / 1e6:16.2f}{operations / 1e9:20.2f}")
    if arguments.variant in TABLE_1:
        paper = TABLE_1[arguments.variant]
        print(f"{'the paper':24}{paper.parameters:16.0f}{paper.multiply_adds:20.0f}\n{NOTE}")
    return 0


def input_size(text: str) -> tuple[int, int]:
    """Parse "640x864" as (640, 864). Raises CommandError if that is not a size of the network's input."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None:
        raise CommandError(f"--size must be HEIGHTxWIDTH, for example 640x640; got {text!r}")
    height, width = int(match[1]), int(match[2])
    if not height or not width or height % 32 or width % 32:
        raise CommandError(f"height and width of --size must be multiples of 32; got {text}")
    return height, width
