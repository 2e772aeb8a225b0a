"""Parameters and multiply-adds of every part, beside the paper's figures."""

import argparse
import re

from ..evaluation import TABLE_1
from ..network import CONFIGS
from .arguments.errors import CommandError

NOTE = """\
A multiply-add counts once. Counted are matrix products and convolutions, the products inside the
deformable ones among them; sampling, norms and activations are not. The paper counts its own way, and a
3.15 M text block in place of the 7.09 M visual block that the published weights hold."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--variant", choices=CONFIGS, default="s")
    parser.add_argument("--size", default="640x640", help="height x width of the input (default: 640x640)")
    parser.add_argument(
        "--vocabulary-size", type=int, default=150, help="classes, one name each (default: 150)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the table; the network has no weights and computes nothing."""
    from ..network import count

    size = input_size(arguments.size)
    if arguments.vocabulary_size < 1:
        raise CommandError("--vocabulary-size must be at least 1")
    parts = count(arguments.variant, size, arguments.vocabulary_size)
    print(f"{arguments.variant}, {size[0]}x{size[1]}, {arguments.vocabulary_size} classes")
    print(f"{'':24}{'parameters (M)':>16}{'multiply-adds (G)':>20}")
    for part in parts:
        cost = "once a name" if part.multiply_adds is None else f"{part.multiply_adds / 1e9:.2f}"
        print(f"{part.name:24}{part.parameters / 1e6:16.2f}{cost:>20}")
    whole = [part for part in parts if part.multiply_adds is not None]
    parameters, operations = sum(p.parameters for p in whole), sum(p.multiply_adds or 0 for p in whole)
    print(f"{'without text encoder':24}{parameters / 1e6:16.2f}{operations / 1e9:20.2f}")
    if arguments.variant in TABLE_1:
        paper = TABLE_1[arguments.variant]
        print(f"{'the paper':24}{paper.parameters:16.0f}{paper.multiply_adds:20.0f}\n{NOTE}")
    return 0


def input_size(text: str) -> tuple[int, int]:
    """ "640x864" -> (640, 864); CommandError for what is no size of the network's input."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None:
        raise CommandError(f"--size is height x width, 640x640 for example, not {text!r}")
    height, width = int(match[1]), int(match[2])
    if not height or not width or height % 32 or width % 32:
        raise CommandError(f"both sides must be multiples of 32, not {text}")
    return height, width
