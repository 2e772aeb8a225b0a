"""The program `sim_camera`: a simulated robot camera on /camera."""

import sys
from typing import NoReturn

from eovseg_ros.processes import Ending, run_program


def main() -> NoReturn:
    """Publish until SIGINT or SIGTERM; status 1 for a wrong parameter."""
    run_program(lambda ending: run(ending, sys.argv[1:]))


def run(ending: Ending, words: list[str]) -> int:
    """Run the program; the process handles signals already, before heavy imports."""
    from eovseg_ros.simulation.camera_node import run_camera
    from eovseg_ros.simulation.sim_camera_node import SimCamera

    return run_camera("sim_camera", SimCamera, words, ending)


if __name__ == "__main__":
    main()
