"""Processes that each have a model and label one bag after the other."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from eovseg_ros.bags.errors import DiskFull
from eovseg_ros.bags.jobs.job import Job
from eovseg_ros.bags.jobs.task import Task
from eovseg_ros.bags.jobs.task_settings import TaskSettings
from eovseg_ros.bags.labelling.report import BagReport, Status
from eovseg_ros.bags.plain_text import reason_of


class Done(NamedTuple):
    """The number of images of a bag that are done; report says that the bag is."""

    job: Job
    images: int
    report: BagReport | None = None


class _Worker:
    """A process, and the bag that it works on."""

    def __init__(self, settings: TaskSettings) -> None:
        context = multiprocessing.get_context("spawn")  # the libraries' threads do not survive a fork
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, settings), daemon=True)
        self._process.start()
        theirs.close()
        self.job: Job | None = None

    def give(self, job: Job) -> None:
        """Let it do a bag."""
        self.job = job
        self.connection.send(job)

    def end(self) -> str:
        """End the process; return how it ended."""
        self._process.terminate()
        self._process.join()
        self.connection.close()
        code = self._process.exitcode or 0
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


def work_in_processes(
    jobs: Sequence[Job], settings: TaskSettings, processes: int, tell: Callable[[Done], None]
) -> None:
    """Do all bags; tell the progress of each, in whatever order it comes.

    A bag whose process is killed, for want of memory for example, is reported as failed, and another process
    continues with the others. Raises DiskFull, and RuntimeError if the model cannot be loaded.
    """
    waiting = deque(jobs)
    workers = [_Worker(settings) for _ in range(min(processes, len(jobs)))]
    try:
        for worker in workers:
            worker.give(waiting.popleft())
        while workers:
            ready = multiprocessing.connection.wait([worker.connection for worker in workers])
            for worker in [worker for worker in workers if worker.connection in ready]:
                done = _receive(worker)
                if done is None:
                    workers.remove(worker)
                    assert worker.job
                    reason = f"its process was ended by {worker.end()}; the same command continues it"
                    report = BagReport(str(worker.job.bag), str(worker.job.target), Status.FAILED, reason)
                    tell(Done(worker.job, 0, report))
                    if waiting:
                        workers.append(_Worker(settings))
                        workers[-1].give(waiting.popleft())
                    continue
                tell(done)
                if done.report and waiting:
                    worker.give(waiting.popleft())
                elif done.report:
                    workers.remove(worker)
                    worker.end()
    finally:
        for worker in workers:
            worker.end()


def _receive(worker: _Worker) -> Done | None:
    """Return what a worker says, or None if it is dead."""
    try:
        message: Any = worker.connection.recv()
    except (EOFError, ConnectionError):
        return None
    if isinstance(message, Exception):
        raise message
    return Done(*message)


def _serve(connection: Connection, settings: TaskSettings) -> None:
    """Do bags until the other end is closed; send what is done, or the exception that ends the run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, which ends this process
    threading.Thread(target=_end_with_the_program, name="program", daemon=True).start()
    try:
        task = Task(settings)
        while True:
            job = connection.recv()
            report = task.do(job, lambda images, job=job: connection.send((job, images)))  # type: ignore[misc]
            connection.send((job, 0, report))
    except DiskFull as error:
        connection.send(error)
    except (EOFError, ConnectionError):  # the program is gone
        pass
    except Exception as error:
        connection.send(RuntimeError(reason_of(error)))


def _end_with_the_program() -> None:
    """End this process if the program is killed, so that another run can have its files."""
    program = multiprocessing.parent_process()
    assert program
    multiprocessing.connection.wait([program.sentinel])
    os._exit(1)
