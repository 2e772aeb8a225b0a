"""Time slices of long bags, so that several machines can run the network on one bag."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.jobs.job import Job
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.reading.bag import Bag, open_bag
from eovseg_ros.bags.reading.images import BagImage, read_images


class Slice(NamedTuple):
    """Images of a bag from start until before end, seconds from its first message; end 0: to its end."""

    number: int
    start: float
    end: float


def plan_slices(job: Job, settings: LabelSettings, seconds: float) -> list[Slice]:
    """Return slices of some seconds, or none for a bag that is done, that is short or that cannot be read."""
    if not seconds or job.target.exists():
        return []
    try:
        with open_bag(job.bag) as bag:
            length = (bag.end - bag.start) / 1e9
    except (BagError, OSError):
        return []
    begin, end = settings.selection.start, settings.selection.end
    count = round((min(end or length, length) - begin) / seconds)
    if count < 2:
        return []
    starts = [begin + i * seconds for i in range(count)]
    return [Slice(i, a, b) for i, (a, b) in enumerate(zip(starts, [*starts[1:], end], strict=True))]


def slice_images(bag: Bag, settings: LabelSettings, part: Slice) -> Iterator[BagImage]:
    """Yield the selected images of a slice, without their depth. Raises BagError."""
    cameras = [replace(camera, depth_topic="", camera_info_topic="") for camera in settings.cameras]
    chosen, own = settings.selection, replace(settings.selection, start=part.start, end=part.end)
    if chosen.every == 1 and not chosen.rate and not chosen.limit:
        yield from read_images(bag, cameras, own, settings.depth)
        return
    start, end = own.bounds(bag.start)  # which images are chosen depends on all those before
    for image in read_images(bag, cameras, chosen, settings.depth):
        if end is not None and image.log_time >= end:
            return
        if start is None or image.log_time >= start:
            yield image


def slice_path(job: Job, fingerprint: str, number: int) -> Path:
    """Return the file of a slice's predictions."""
    return slices_folder(job) / f"{fingerprint[:16]}_{number}.predictions"


def slices_folder(job: Job) -> Path:
    """Return the folder of the slices, which is removed when the bag is done."""
    return job.target.with_name(f"{job.target.name}.slices")
