"""How the labelling of bags grows with the workers of a Ray cluster, whose nodes all run on this machine."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from eovseg_ros.bags.benchmark.recorded_bag import IMAGE_TOPIC, read_recording, write_recorded_bag
from eovseg_ros.bags.cluster.cluster_settings import ClusterSettings
from eovseg_ros.bags.cluster.run_on_cluster import connect, work_on_cluster
from eovseg_ros.bags.cluster.worker import MakeTask
from eovseg_ros.bags.jobs.job import Job, plan_jobs
from eovseg_ros.bags.jobs.task import Task
from eovseg_ros.bags.jobs.task_settings import TaskSettings
from eovseg_ros.bags.jobs.workers import Done
from eovseg_ros.bags.labelling.report import BagReport
from eovseg_ros.bags.labelling.settings import LabelSettings, ModelSettings
from eovseg_ros.bags.reading.cameras import parse_cameras

_BAGS = 2  # of each worker, where all work


class Scale(NamedTuple):
    """Frames per second of all workers together.

    model: of as many processes that only run the network on images in memory. labelling: while the workers
    label. run: of the whole run, with the start of the workers and the wait for the last one.
    """

    workers: int
    model: float
    labelling: float
    run: float


def measure_scaling(
    model: ModelSettings, workers: int, seconds: float, folder: Path, make_task: MakeTask = Task
) -> Iterator[Scale]:
    """Label the same bags, of some seconds together, with 1, 2, ... workers of one thread each."""
    recording = read_recording()
    count = _BAGS * workers
    frames = max(2, round(recording.rate * seconds / count))
    bags = [
        write_recorded_bag(folder / f"{i}.mcap", recording, i * frames, frames, depth=False)
        for i in range(count)
    ]
    label = LabelSettings(cameras=tuple(parse_cameras([IMAGE_TOPIC])), model=model)
    settings = TaskSettings(label=label, threads=1, command=str(folder))
    with _nodes(workers):
        for number in range(1, workers + 1):
            alone = _segment(settings, make_task, number, frames)
            jobs = plan_jobs(bags, folder / f"{number} workers")
            seconds_of_run, reports = _label(jobs, settings, make_task, number)
            labelled = sum(report.counts.frames for report in reports)
            assert labelled == count * frames, [report.error for report in reports]
            labelling = number * labelled / sum(report.seconds for report in reports)
            yield Scale(number, alone, labelling, labelled / seconds_of_run)


@contextlib.contextmanager
def _nodes(count: int) -> Iterator[None]:
    """Run a cluster of nodes with one CPU each, and connect to it."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        for _ in range(count - 1):
            cluster.add_node(num_cpus=1)
        connect(cluster.address)
        yield
    finally:
        ray.shutdown()
        cluster.shutdown()


def _label(
    jobs: list[Job], settings: TaskSettings, make_task: MakeTask, workers: int
) -> tuple[float, list[BagReport]]:
    """Return the seconds of a run, and what became of its bags."""
    reports = []

    def keep(done: Done) -> None:
        if done.report:
            reports.append(done.report)

    begun = time.perf_counter()
    work_on_cluster(jobs, settings, keep, cluster=ClusterSettings(workers=workers), make_task=make_task)
    return time.perf_counter() - begun, reports


class _ModelAlone:
    """A process with a model and images in memory."""

    def __init__(self, settings: TaskSettings, make_task: MakeTask, frames: int) -> None:
        self._model = make_task(settings).model
        recording = read_recording()
        self._pictures = [recording.rgb(i % len(recording)) for i in range(frames)]
        self.segment(2)  # the first images take longer

    def segment(self, frames: int) -> float:
        """Return the seconds of some frames."""
        begun = time.perf_counter()
        for rgb in self._pictures[:frames]:
            self._model.predictor(rgb, vocabulary=self._model.vocabulary)
        return time.perf_counter() - begun


def _segment(settings: TaskSettings, make_task: MakeTask, processes: int, frames: int) -> float:
    """Return the frames per second of the model alone in some processes at the same time."""
    import ray

    kind: Any = ray.remote(_ModelAlone).options(num_cpus=1)
    actors = [kind.remote(settings, make_task, frames) for _ in range(processes)]
    ray.get([actor.segment.remote(0) for actor in actors])  # until all are ready
    seconds = ray.get([actor.segment.remote(frames) for actor in actors])
    for actor in actors:
        ray.kill(actor)
    return sum(frames / each for each in seconds)
