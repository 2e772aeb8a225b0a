"""The program `eovseg_node`, which handles signals before it imports anything heavy."""

import sys
from typing import NoReturn

from eovseg_ros.processes import Ending, run_program


def main() -> NoReturn:
    """Run the node until SIGINT or SIGTERM; the status is 1 if it cannot start."""
    run_program(_run)


def _run(ending: Ending) -> int:
    from eovseg_ros.node.run_node import run_node

    return run_node(ending, sys.argv[1:])


if __name__ == "__main__":
    main()
