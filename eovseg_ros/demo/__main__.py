"""Run the demo."""

from eovseg_ros.processes import Ending, run_program


def _run(ending: Ending) -> int:
    from eovseg_ros.demo.play import main

    ending.raise_interrupts()  # camera and node must end, too
    return main()


run_program(_run, say=lambda _: None)
