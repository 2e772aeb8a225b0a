"""Tasks of a cluster with a stand-in for the model, which tell their process in the folder `command`."""

import os
import time
from dataclasses import replace
from pathlib import Path

import fake_labeller  # takes the place of the model

from eovseg_ros.bags.jobs.task import Task

assert fake_labeller.load


def make_task(settings):
    (Path(settings.command) / str(os.getpid())).touch()
    return Task(settings)


def make_waiting_task(settings):
    """A task of which the first to come to its 25th image waits there, so that it can be killed."""
    task = make_task(settings)
    predictor, begun = task.model.predictor, []

    def wait_once(*arguments, **options):
        begun.append(True)
        if len(begun) == 25:
            try:
                (Path(settings.command) / "somebody_waits").mkdir()
            except FileExistsError:
                return predictor(*arguments, **options)
            time.sleep(5)
        return predictor(*arguments, **options)

    task.model = replace(task.model, predictor=wait_once)
    return task


class DyingTask(Task):
    def do(self, job, progress, predictor=None):
        if "bad" in job.name:
            os._exit(1)
        return super().do(job, progress, predictor)


def make_dying_task(settings):
    return DyingTask(settings)
