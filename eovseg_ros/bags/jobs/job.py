"""The bags of a run and the files of their results."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from eovseg_ros.bags.errors import BagError, UsageError
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.reading.bag import open_bag, slow_to_open

RESULTS = "_labels.mcap"


class Job(NamedTuple):
    """A bag, the name of all that is written for it, and its file of results."""

    bag: Path
    name: str
    target: Path


def plan_jobs(bags: Sequence[Path], out: Path) -> list[Job]:
    """Return a job for each bag. Bags of the same name get those of their folders in front.

    Raises UsageError for a bag that is given twice, or is a result of such a run.

    Example:
        >>> [job.name for job in plan_jobs([Path("/a/run1"), Path("/a/run2.mcap")], Path("out"))]
        ['run1', 'run2']
        >>> [job.name for job in plan_jobs([Path("/a/run.mcap"), Path("/b/run.mcap")], Path("out"))]
        ['a_run', 'b_run']
    """
    paths = [bag.absolute() for bag in bags]
    if twice := sorted({str(path) for path in paths if paths.count(path) > 1}):
        raise UsageError(f"{', '.join(twice)} is given twice")
    if results := [str(path) for path in paths if path.name.endswith(RESULTS)]:
        raise UsageError(f"{results[0]} has results of eovseg-bags: give the bags that it was made from")
    parts = [
        (*path.parts[1:-1], path.stem if path.suffix in (".mcap", ".db3") else path.name) for path in paths
    ]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["_".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            break
    else:
        names = [f"{name}_{i + 1}" for i, name in enumerate(names)]
    return [Job(path, name, out / f"{name}{RESULTS}") for path, name in zip(paths, names, strict=True)]


def estimate_images(job: Job, settings: LabelSettings) -> int:
    """Return about how many images of a bag are labelled, 0 for one that cannot be read, or not fast."""
    try:
        if slow_to_open(job.bag):
            return 0
        with open_bag(job.bag) as bag:
            seconds = (bag.end - bag.start) / 1e9
            topics = [bag.topics[c.image_topic] for c in settings.cameras if c.image_topic in bag.topics]
            return sum(settings.selection.estimate(topic.messages, seconds) for topic in topics)
    except (BagError, OSError):
        return 0
