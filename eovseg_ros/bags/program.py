"""The program `eovseg-bags`, which handles signals before it imports anything heavy."""

import os
import sys
from typing import NoReturn

from eovseg_ros.processes import Ending, run_program


def main() -> NoReturn:
    """Label recordings; Ctrl-C ends it with status 130, and the same command continues."""
    run_program(_run, say=lambda _: None)


def _run(ending: Ending) -> int:
    ending.call(lambda: os._exit(130))  # until the command can be interrupted
    from eovseg_ros.bags.main import main as run

    return run(sys.argv[1:], ending)


if __name__ == "__main__":
    main()
