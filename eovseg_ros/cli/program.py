"""The program `eovseg-ros`, which handles signals before it imports anything heavy."""

import sys
from typing import NoReturn

from eovseg_ros.processes import Ending, run_program


def main() -> NoReturn:
    """Run a command; a signal ends it silently."""
    run_program(_run, say=lambda _: None)


def _run(ending: Ending) -> int:
    from eovseg_ros.cli.main import main as run

    return run(sys.argv[1:], ending)


if __name__ == "__main__":
    main()
