"""The program `recorded_camera`: plays a recorded robot camera on /camera."""

import sys
from typing import NoReturn

from eovseg_ros.processes import Ending, run_program


def main() -> NoReturn:
    """Play until SIGINT or SIGTERM; status 1 for a wrong parameter or a recording that cannot be read."""
    run_program(lambda ending: run(ending, sys.argv[1:]))


def run(ending: Ending, words: list[str]) -> int:
    """Run the program; the process handles signals already, before heavy imports."""
    from eovseg_ros.simulation.camera_node import run_camera
    from eovseg_ros.simulation.recorded_camera_node import RecordedCamera

    return run_camera("recorded_camera", RecordedCamera, words, ending)


if __name__ == "__main__":
    main()
