"""Parameters and multiply-adds of every part, beside the paper's figures."""

import argparse

from .errors import CommandError

PAPER = {"s": (71, 133), "m": (127, 176), "l": (225, 377)}  # millions of parameters, G multiply-adds (table 1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--variant", choices=("tiny", "s", "m", "l"), default="s")
    parser.add_argument("--size", default="640x640", help="height x width of the input (default: 640x640)")
    parser.add_argument("--vocabulary-size", type=int, default=150, help="classes, one name each (default: 150)")


def run(arguments: argparse.Namespace) -> int:
    """Print the table; the network has no weights and computes nothing."""
    from ..complexity import count

    try:
        height, width = (int(side) for side in arguments.size.split("x"))
    except ValueError:
        raise CommandError(f"--size is height x width, 640x640 for example, not {arguments.size!r}") from None
    if height < 32 or width < 32 or height % 32 or width % 32:
        raise CommandError(f"both sides must be multiples of 32, not {arguments.size}")
    if arguments.vocabulary_size < 1:
        raise CommandError("--vocabulary-size must be at least 1")
    parts = count(arguments.variant, (height, width), arguments.vocabulary_size)
    print(f"{arguments.variant}, {height}x{width}, {arguments.vocabulary_size} classes")
    print(f"{'':24}{'parameters (M)':>16}{'multiply-adds (G)':>20}")
    for part in parts:
        operations = f"{part.multiply_adds / 1e9:20.2f}" if part.multiply_adds is not None else f"{'once a name':>20}"
        print(f"{part.name:24}{part.parameters / 1e6:16.2f}{operations}")
    whole = [part for part in parts if part.multiply_adds is not None]
    parameters, operations = sum(p.parameters for p in whole), sum(p.multiply_adds or 0 for p in whole)
    print(f"{'without text encoder':24}{parameters / 1e6:16.2f}{operations / 1e9:20.2f}")
    if arguments.variant in PAPER:
        paper = PAPER[arguments.variant]
        print(f"{'the paper':24}{paper[0]:16d}{paper[1]:20d}")
        print(
            "A multiply-add counts once; what is counted is matrix products and convolutions, the product of the\n"
            "deformable ones among them. The paper counts its own way, and a 3.15 M text block in place of the\n"
            "7.09 M visual block that the published weights hold."
        )
    return 0
