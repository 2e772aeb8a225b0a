"""Tasks of a cluster with a stand-in for the model, which tell their process in the folder `command`."""

import os
from pathlib import Path

import fake_labeller  # takes the place of the model

from eovseg_ros.bags.jobs.task import Task

assert fake_labeller.load


def make_task(settings):
    (Path(settings.command) / str(os.getpid())).touch()
    return Task(settings)


class DyingTask(Task):
    def do(self, job, progress, predictor=None):
        if "bad" in job.name:
            os._exit(1)
        return super().do(job, progress, predictor)


def make_dying_task(settings):
    return DyingTask(settings)
