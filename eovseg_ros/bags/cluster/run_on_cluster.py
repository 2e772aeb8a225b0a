"""All bags of a run on a Ray cluster: one bag, or one slice, at a time for each worker."""

import logging
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from eovseg_ros.bags.cluster.cluster_settings import ClusterSettings
from eovseg_ros.bags.cluster.parts import Part, Parts
from eovseg_ros.bags.cluster.pool import ActorWorker, Pool
from eovseg_ros.bags.cluster.worker import MakeTask
from eovseg_ros.bags.errors import DiskFull
from eovseg_ros.bags.jobs.job import Job
from eovseg_ros.bags.jobs.run import Work
from eovseg_ros.bags.jobs.task import Task
from eovseg_ros.bags.jobs.task_settings import TaskSettings
from eovseg_ros.bags.jobs.workers import Done
from eovseg_ros.bags.labelling.report import BagReport, Status

_POLL = 0.5  # seconds between two looks at the progress


def on_cluster(cluster: ClusterSettings) -> Work:
    """Connect to a cluster, and return what does bags there. Raises RuntimeError that says what to do."""
    connect(cluster.address)
    return partial(work_on_cluster, cluster=cluster)


def connect(address: str) -> None:
    """Connect to a cluster. Raises RuntimeError that says what to do."""
    import ray

    try:
        _check_reachable(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        raise RuntimeError(
            f"cannot connect to the Ray cluster {address!r}: {' '.join(str(error).split())}; start one with "
            "ray start --head, or give its address: --cluster HOST:6379"
        ) from error


def _check_reachable(address: str) -> None:
    """Raise OSError if nothing answers at HOST:PORT; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()


def work_on_cluster(
    jobs: Sequence[Job],
    settings: TaskSettings,
    tell: Callable[[Done], None],
    *,
    cluster: ClusterSettings,
    make_task: MakeTask = Task,
) -> None:
    """Do all bags; tell the progress of each, in whatever order it comes.

    The network runs on slices of a long bag at the same time; one worker labels the bag from what it found
    there, so that the result is that of a whole bag. What a lost worker did is given to another one, which
    continues a bag if it sees the same files; a bag that loses workers again and again is reported as
    failed. Bags wait here until a worker is free. Raises DiskFull, and RuntimeError if the model cannot be
    loaded.
    """
    pool = Pool(settings, cluster, make_task)
    waiting = Parts(jobs, settings.label, 0.0 if settings.overwrite else cluster.slice_seconds)
    lost: Counter[Part] = Counter()
    workers: list[ActorWorker] = []
    try:
        while waiting or workers:
            while waiting and len(workers) < pool.size:
                workers.append(pool.start())
                workers[-1].give(waiting.next())
            for worker in _finished(workers):
                part = worker.part
                assert part
                report, alive = _report_of(worker)
                if alive and part.slice:
                    waiting.finish_slice(part)
                elif report:
                    tell(Done(part.job, 0, report))
                if not alive:
                    lost[part] += 1
                    if lost[part] < cluster.attempts:
                        waiting.again(part)
                    elif waiting.fail(part.job):
                        tell(Done(part.job, 0, _given_up(part.job, cluster.attempts)))
                if alive and waiting:
                    worker.give(waiting.next())
                else:
                    worker.end()
                    workers.remove(worker)
            _tell_progress(workers, waiting, tell)
    finally:
        for worker in workers:
            worker.end()


def _finished(workers: Sequence[ActorWorker]) -> list[ActorWorker]:
    """Return the workers whose bag is done or lost; wait a moment for one."""
    import ray

    results = [worker.result for worker in workers]
    ready, _ = ray.wait(results, num_returns=1, timeout=_POLL)
    return [worker for worker in workers if worker.result in ready]


def _report_of(worker: ActorWorker) -> tuple[BagReport | None, bool]:
    """Return the report, None of a slice, and whether the worker lives. Raises DiskFull and RuntimeError."""
    import ray

    try:
        return ray.get(worker.result), True
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, DiskFull):
            raise cause from None
        raise RuntimeError(f"{type(cause).__name__}: {cause}") from error
    except ray.exceptions.RayError:
        return None, False


def _given_up(job: Job, attempts: int) -> BagReport:
    reason = f"{attempts} workers were lost with it, for want of memory for example; see Ray's dashboard"
    return BagReport(str(job.bag), str(job.target), Status.FAILED, reason)


def _tell_progress(workers: Sequence[ActorWorker], parts: Parts, tell: Callable[[Done], None]) -> None:
    for worker in workers:
        images = worker.images()
        if images and worker.part and (done := parts.count(worker.part, images)):
            tell(Done(worker.part.job, done))
