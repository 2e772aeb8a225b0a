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
from eovseg_ros.bags.plain_text import reason_of
from eovseg_ros.bags.writing.full_disk import saying_full_disk
from eovseg_ros.bags.writing.one_run import claiming

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
        settings, target = self._settings, job.target
        labeller = self.labeller(predictor)
        exports = Exports(settings.exports, job.name, target.parent, settings.label)
        try:
            if settings.overwrite and labeller.must_label(job.bag, target):
                exports.remove(target)
            exports.check(target)
        except (BagError, OSError) as reason:
            return BagReport(str(job.bag), str(target), Status.FAILED, reason_of(reason))
        report = labeller.label(job.bag, target, progress, overwrite=settings.overwrite)
        if report.status == Status.FAILED:
            return report
        try:
            with saying_full_disk(f"exporting {target}"), claiming(target, f"exporting {target}"):
                written, error = exports.write(job.bag, target, overwrite=settings.overwrite)
        except (BagError, OSError) as reason:
            written, error = [], reason_of(reason)
        report.exports = [str(path) for path in written]
        if error:
            report.status, report.error = Status.INCOMPLETE, report.error or error
        return report

    def labeller(self, predictor: "EOVSegPredictor | None" = None) -> BagLabeller:
        """Return what labels bags."""
        model = replace(self.model, predictor=predictor) if predictor else self.model
        return BagLabeller(model, self._settings.label, self._settings.command)
