"""Plays the demo."""

from eovseg_ros.processes import Ending, run_program


def _run(ending: Ending) -> int:
    from eovseg_ros.demo.play import main

    ending.raise_interrupts()  # camera and node have to be ended, too
    return main()


run_program(_run, say=lambda _: None)
