"""What runs on the machines of a cluster."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eovseg_ros.bags.cluster.parts import Part
from eovseg_ros.bags.cluster.slices import Slice, slice_path, slices_folder
from eovseg_ros.bags.cluster.slicing import Replay, predict_slice
from eovseg_ros.bags.cluster.uploading import Uploads
from eovseg_ros.bags.embeddings.keeping import embeddings_path
from eovseg_ros.bags.jobs.job import Job
from eovseg_ros.bags.jobs.task import Task
from eovseg_ros.bags.jobs.task_settings import TaskSettings
from eovseg_ros.bags.labelling.report import BagReport, Status
from eovseg_ros.bags.writing.full_disk import saying_full_disk

if TYPE_CHECKING:
    from eovseg_model.inference import EOVSegPredictor

MakeTask = Callable[[TaskSettings], Task]


class ClusterWorker:
    """Does one bag after the other with one model, which is loaded with the first one."""

    def __init__(self, settings: TaskSettings, upload: str, make_task: MakeTask) -> None:
        self._settings = settings
        self._uploads = Uploads(upload) if upload else None
        self._make_task = make_task
        self._task: Task | None = None
        self._images = 0

    def images(self) -> int:
        """Return how many images of the present bag are done; may be called while `do` runs."""
        return self._images

    def do(self, part: Part) -> BagReport | None:
        """Do a bag, or a slice, which has no report. Raises DiskFull, and what `Task` does."""
        job = part.job
        self._images = 0
        job.target.parent.mkdir(parents=True, exist_ok=True)
        if self._uploads and not self._settings.overwrite:
            self._uploads.fetch(job.target)
        task = self._task = self._task or self._make_task(self._settings)
        if part.slice:
            self._predict(task, job, part.slice)
            return None
        report = task.do(job, self._count, self._replay(task, part))
        self._images = 0
        shutil.rmtree(slices_folder(job), ignore_errors=True)
        if self._uploads and report.status in (Status.LABELLED, Status.INCOMPLETE):
            self._uploads.put(_files_of(job, report))
        return report

    def _predict(self, task: Task, job: Job, part: Slice) -> None:
        with saying_full_disk(f"storing the predictions of {job.bag} in {slices_folder(job)}"):
            target = slice_path(job, task.labeller().fingerprint(job.bag), part.number)
            predict_slice(job.bag, task.model, self._settings.label, part, target, self._count)

    def _replay(self, task: Task, part: Part) -> "EOVSegPredictor | None":
        if not part.slices:
            return None
        fingerprint = task.labeller().fingerprint(part.job.bag)
        replay: Any = Replay([slice_path(part.job, fingerprint, s.number) for s in part.slices], task.model)
        return replay

    def _count(self, images: int) -> None:
        self._images = images


def _files_of(job: Job, report: BagReport) -> list[Path]:
    kept = embeddings_path(job.target)
    exports = [Path(path) for path in getattr(report, "exports", ())]
    return [job.target, *([kept] if kept.exists() else []), *exports]
