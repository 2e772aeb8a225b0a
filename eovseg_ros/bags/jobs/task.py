"""All that is done with one bag."""

from collections.abc import Callable

from eovseg_ros.bags.exporting.exports import Exports
from eovseg_ros.bags.jobs.job import Job
from eovseg_ros.bags.jobs.task_settings import TaskSettings
from eovseg_ros.bags.labelling.bag_labeller import BagLabeller
from eovseg_ros.bags.labelling.model import load_label_model
from eovseg_ros.bags.labelling.report import BagReport, Status
from eovseg_ros.bags.writing.full_disk import saying_full_disk


class Task:
    """Does it, with one model, which is loaded at the start. Raises what `load_label_model` does."""

    def __init__(self, settings: TaskSettings) -> None:
        self._settings = settings
        model = load_label_model(settings.label.model, settings.threads)
        self._labeller = BagLabeller(model, settings.label, settings.command)

    def do(self, job: Job, progress: Callable[[int], None]) -> BagReport:
        """Do one bag; progress is told the number of its images that are done. Raises DiskFull."""
        settings = self._settings
        exports = Exports(settings.exports, job.name, job.target.parent, settings.label)
        if settings.overwrite:
            exports.remove()
        report = self._labeller.label(job.bag, job.target, progress, overwrite=settings.overwrite)
        if report.status == Status.FAILED:
            return report
        with saying_full_disk(f"exporting {job.target}"):
            written, error = exports.write(job.bag, job.target)
        report.exports = [str(path) for path in written]
        if error:
            report.status, report.error = Status.INCOMPLETE, report.error or error
        return report
