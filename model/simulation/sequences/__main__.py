"""Command line of the sequences."""

import argparse
import sys

from ..rendering.errors import PyBulletMissing
from .arguments import add_sequence_arguments


def main(arguments: list[str] | None = None) -> int:
    """Render a data set of sequences; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m eovseg_model.simulation.sequences",
        description="Render sequences with a moving camera and moving objects as a COCO panoptic data set "
        "with track ids. The options determine the data set. Run the same command again to continue an "
        "interrupted one. Needs PyBullet.",
    )
    add_sequence_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        from .dataset import render_sequences
    except PyBulletMissing as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    try:
        render_sequences(options)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; run the same command again to continue", file=sys.stderr)
        return 130
    print(f"{options.out}/panoptic.json is complete")
    return 0


if __name__ == "__main__":
    sys.exit(main())
