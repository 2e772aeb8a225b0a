"""A run over many bags: progress on stderr, a summary as JSON."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from eovseg_model.checkpoint import replacing
from eovseg_ros.bags.errors import DiskFull
from eovseg_ros.bags.jobs.job import Job, estimate_images
from eovseg_ros.bags.jobs.task import Task
from eovseg_ros.bags.jobs.task_settings import TaskSettings
from eovseg_ros.bags.jobs.workers import Done, work_in_processes
from eovseg_ros.bags.labelling.report import BagReport
from eovseg_ros.bags.plain_text import reason_of, valid

SUMMARY = "summary.json"


Tell = Callable[[Done], None]
Work = Callable[[Sequence[Job], TaskSettings, Tell], None]


def run_jobs(
    jobs: Sequence[Job], settings: TaskSettings, *, processes: int, out: Path, work: Work | None = None
) -> int:
    """Do all bags, print what becomes of them, and write the summary; return the exit status.

    work does them in another place than in processes of this machine.
    0: everything is labelled; 1: something was skipped or failed, or the disk is full. Raises what
    `load_label_model` does, or RuntimeError in its place with several processes.
    """
    with contextlib.suppress(OSError):  # one of a run before would be taken for that of a run that is killed
        (out / SUMMARY).unlink()
    monitor, full = _Monitor(jobs, settings), ""
    try:
        if work:
            work(jobs, settings, monitor.tell)
        elif processes > 1:
            work_in_processes(jobs, settings, processes, monitor.tell)
        else:
            _work_here(jobs, settings, monitor.tell)
    except DiskFull as error:
        full = str(error)
    except KeyboardInterrupt:
        _write_summary(out, jobs, monitor.reports, "interrupted")
        raise
    except Exception as error:  # of the model, for example: it ends the run
        _write_summary(out, jobs, monitor.reports, reason_of(error))
        raise
    finally:
        monitor.close()
    written = _write_summary(out, jobs, monitor.reports, full)
    frames = sum(report.counts.frames for report in monitor.reports)
    fine = sum(report.fine for report in monitor.reports)
    details = f"; {out / SUMMARY} has the details" if written else ""
    print(valid(f"{fine} of {len(jobs)} bags complete, {frames} frames{details}"))
    if full:
        print(f"eovseg-bags: {full}", file=sys.stderr)
    return 0 if fine == len(jobs) and not full else 1


def _work_here(jobs: Sequence[Job], settings: TaskSettings, tell: Callable[[Done], None]) -> None:
    task = Task(settings)
    for job in jobs:
        report = task.do(job, lambda images, job=job: tell(Done(job, images)))  # type: ignore[misc]
        tell(Done(job, 0, report))


class _Monitor:
    """Shows the progress, and keeps the reports."""

    def __init__(self, jobs: Sequence[Job], settings: TaskSettings) -> None:
        self.reports: list[BagReport] = []
        self._estimates = {job: estimate_images(job, settings.label) for job in jobs}
        self._done: dict[Job, int] = {}
        self._bar: tqdm[Any] | None = None

    def tell(self, done: Done) -> None:
        """Take note of a bag's images, or of its report."""
        bar = self._bar = self._bar or self._begin()
        if done.report is None:
            if done.job not in self._done:  # what a run before has done does not make this one fast
                bar.initial += done.images - 1
            bar.update(done.images - self._done.get(done.job, 0))
            self._done[done.job] = done.images
            return
        self.reports.append(done.report)
        bar.total += self._done.get(done.job, 0) - self._estimates[done.job]
        bar.set_postfix_str(f"{len(self.reports)}/{len(self._estimates)} bags")
        _tell(done.report)

    def close(self) -> None:
        """End the line of the progress."""
        if self._bar:
            self._bar.close()

    def _begin(self) -> "tqdm[Any]":
        """Start the clock after the models are loaded."""
        interval = 0.5 if sys.stderr.isatty() else 10.0
        return tqdm(total=sum(self._estimates.values()), unit="frame", smoothing=0.05, mininterval=interval)


def _tell(report: BagReport) -> None:
    """Print what is not fine."""
    say: list[str] = []
    if report.error:
        say.append(f"{report.bag}: {report.status}: {report.error}")
    for what, reasons in (("skipped", report.counts.skipped), ("without depth", report.counts.without_depth)):
        say += [f"{report.bag}: {count} images {what}: {reason}" for reason, count in reasons.items()]
    say += [f"{report.bag}: {warning}" for warning in report.counts.warnings]
    for line in say:
        tqdm.write(f"eovseg-bags: {line}", file=sys.stderr)


def _write_summary(out: Path, jobs: Sequence[Job], reports: Sequence[BagReport], error: str) -> bool:
    """Replace the summary; return whether it is written: a full disk may leave none."""
    order = {str(job.bag): i for i, job in enumerate(jobs)}
    content: dict[str, Any] = {
        "complete": sum(report.fine for report in reports),
        "bags": [report.as_dict() for report in sorted(reports, key=lambda report: order[report.bag])],
        "not_begun_or_not_finished": [
            str(job.bag) for job in jobs if str(job.bag) not in {report.bag for report in reports}
        ],
        "error": error,
    }
    text = valid(json.dumps(content, indent=2, ensure_ascii=False)) + os.linesep
    try:
        with replacing(out / SUMMARY) as draft:
            draft.write_text(text, encoding="utf-8")
    except OSError as reason:
        print(f"eovseg-bags: cannot write {out / SUMMARY}: {reason.strerror}", file=sys.stderr)
        return False
    return True
