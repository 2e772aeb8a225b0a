"""The program `eovseg-ros`: nothing heavy is imported before it listens to signals."""

import sys
from typing import NoReturn

from eovseg_ros.processes import Ending, run_program


def main() -> NoReturn:
    """Run one command; a signal ends it without a word."""
    run_program(_run, say=lambda _: None)


def _run(ending: Ending) -> int:
    from eovseg_ros.cli.main import main as run

    return run(sys.argv[1:], ending)


if __name__ == "__main__":
    main()
