"""The program `eovseg_node`: listens to signals before anything that takes time is imported."""

import sys
from typing import NoReturn

from eovseg_ros.processes import Ending, run_program


def main() -> NoReturn:
    """Run the node until SIGINT or SIGTERM; status 1 where it cannot start."""
    run_program(_run)


def _run(ending: Ending) -> int:
    from eovseg_ros.node.run_node import run_node

    return run_node(ending, sys.argv[1:])


if __name__ == "__main__":
    main()
