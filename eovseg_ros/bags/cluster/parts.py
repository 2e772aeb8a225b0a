"""The parts of a run that one worker does each: whole bags, slices of long ones, and their joining."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from eovseg_ros.bags.cluster.slices import Slice, plan_slices
from eovseg_ros.bags.jobs.job import Job
from eovseg_ros.bags.labelling.settings import LabelSettings


class Part(NamedTuple):
    """A bag, or one slice of it; slices has all of them if it is to be labelled from their predictions."""

    job: Job
    slice: Slice | None = None
    slices: tuple[Slice, ...] = ()


class Parts:
    """What waits for a worker. The slices of a bag come before its joining, and only then it is done."""

    def __init__(self, jobs: Sequence[Job], settings: LabelSettings, seconds: float) -> None:
        """Cut bags into slices of some seconds, 0 for none."""
        self._waiting: deque[Part] = deque()
        self._slices = {job: tuple(plan_slices(job, settings, seconds)) for job in jobs}
        self._open = {job: len(slices) for job, slices in self._slices.items()}
        self._images: dict[Job, dict[int, int]] = {job: {} for job in jobs}
        self._failed: set[Job] = set()
        for job, slices in self._slices.items():
            self._waiting += [Part(job, each) for each in slices] or [Part(job)]

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def next(self) -> Part:
        """Take the next part."""
        return self._waiting.popleft()

    def again(self, part: Part) -> None:
        """Put a part back to the front, because its worker is lost."""
        if part.job not in self._failed:
            self._waiting.appendleft(part)

    def finish_slice(self, part: Part) -> None:
        """Take note that a slice is done; after the last one, the bag can be labelled."""
        self._open[part.job] -= 1
        if not self._open[part.job] and part.job not in self._failed:
            self._waiting.appendleft(Part(part.job, slices=self._slices[part.job]))

    def fail(self, job: Job) -> bool:
        """Give a bag up, with all of its slices; return whether it was not given up before."""
        new = job not in self._failed
        self._failed.add(job)
        self._waiting = deque(part for part in self._waiting if part.job != job)
        return new

    def count(self, part: Part, images: int) -> int:
        """Take note of the images of a part; return those of its bag, 0 if they were counted before."""
        if part.slices:
            return 0  # the slices' images are counted
        done = self._images[part.job]
        done[part.slice.number if part.slice else 0] = images
        return sum(done.values())
