"""Command line of the measurement of what relabelling costs."""

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Print PQ and time of relabelling and of running the network again; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m eovseg_ros.bags.embeddings",
        description="Compare relabelling from stored embeddings with running the network again, on sequences "
        "of python -m eovseg_model.simulation.sequences. The new words are all names of the simulation.",
    )
    parser.add_argument("sequences", type=Path, metavar="DIR", help="folder of the sequences")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default: %(default)s)")
    parser.add_argument("--step", type=int, default=1, metavar="N", help="every n-th frame")
    options = parser.parse_args(arguments)
    from eovseg_model.data import DatasetError
    from eovseg_ros.bags.embeddings.measurement import measure

    try:
        print(measure(options.sequences, threads=options.threads, step=options.step))
    except DatasetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
