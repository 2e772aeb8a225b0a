"""The program `sim_camera`: a simulated robot camera on /camera."""

import sys
from typing import NoReturn

from eovseg_ros.processes import Ending, run_program


def main() -> NoReturn:
    """Publish until SIGINT or SIGTERM; status 1 for a wrong parameter, or without PyBullet."""
    run_program(lambda ending: run(ending, sys.argv[1:]))


def run(ending: Ending, words: list[str]) -> int:
    """Run the program; the process handles signals already, before heavy imports."""
    from rclpy.logging import get_logger

    from eovseg_model.simulation import PyBulletMissing
    from eovseg_ros.simulation.camera_node import run_camera

    try:
        from eovseg_ros.simulation.sim_camera_node import SimCamera
    except PyBulletMissing as error:
        get_logger("sim_camera").fatal(f"{error}; recorded_camera publishes the same topics without it")
        return 1

    return run_camera("sim_camera", SimCamera, words, ending)


if __name__ == "__main__":
    main()
