"""All that is done with one bag."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.exporting.exports import Exports
from eovseg_ros.bags.jobs.job import Job
from eovseg_ros.bags.jobs.task_settings import TaskSettings
from eovseg_ros.bags.labelling.bag_labeller import BagLabeller
from eovseg_ros.bags.labelling.model import load_label_model
from eovseg_ros.bags.labelling.report import BagReport, Status
from eovseg_ros.bags.writing.full_disk import saying_full_disk

if TYPE_CHECKING:
    from eovseg_model.inference import EOVSegPredictor


class Task:
    """Does it, with one model, which is loaded at the start. Raises what `load_label_model` does."""

    def __init__(self, settings: TaskSettings) -> None:
        self._settings = settings
        self.model = load_label_model(settings.label.model, settings.threads)

    def do(
        self, job: Job, progress: Callable[[int], None], predictor: "EOVSegPredictor | None" = None
    ) -> BagReport:
        """Do one bag; progress is told the number of its images that are done. Raises DiskFull.

        predictor takes the place of the model's for this bag.
        """
        settings = self._settings
        labeller = self.labeller(predictor)
        exports = Exports(settings.exports, job.name, job.target.parent, settings.label)
        if settings.overwrite:
            exports.remove(job.target)
        try:
            exports.check(job.target)
        except BagError as reason:
            return BagReport(str(job.bag), str(job.target), Status.FAILED, str(reason))
        report = labeller.label(job.bag, job.target, progress, overwrite=settings.overwrite)
        if report.status == Status.FAILED:
            return report
        with saying_full_disk(f"exporting {job.target}"):
            written, error = exports.write(job.bag, job.target)
        report.exports = [str(path) for path in written]
        if error:
            report.status, report.error = Status.INCOMPLETE, report.error or error
        return report

    def labeller(self, predictor: "EOVSegPredictor | None" = None) -> BagLabeller:
        """Return what labels bags."""
        model = replace(self.model, predictor=predictor) if predictor else self.model
        return BagLabeller(model, self._settings.label, self._settings.command)
