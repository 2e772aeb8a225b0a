"""The program eovseg-bags with a stand-in for the model, also in its worker processes."""

import os
import signal
import sys

from fake_model import slow_model

from eovseg_ros.bags.jobs import task
from eovseg_ros.bags.main import main
from eovseg_ros.processes import run_program


def load(settings, threads):
    if "too much" in settings.vocabulary:
        os.kill(os.getpid(), signal.SIGKILL)
    if "no model" in settings.vocabulary:
        raise ValueError("there is no such model")
    return slow_model(settings, threads)


task.load_label_model = load

if __name__ == "__main__":
    run_program(lambda ending: main(sys.argv[1:], ending), say=lambda _: None)
