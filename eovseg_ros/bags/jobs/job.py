"""The bags of a run and the files of their results."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from eovseg_ros.bags.errors import BagError, UsageError
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.reading.bag import open_bag, slow_to_open
from eovseg_ros.bags.reading.files import COPY, EMBEDDINGS, RESULTS, bag_name, files_of


class Job(NamedTuple):
    """A bag, the name of all that is written for it, and its file of results."""

    bag: Path
    name: str
    target: Path


def plan_jobs(bags: Sequence[Path], out: Path) -> list[Job]:
    """Return a job for each bag. Bags of the same name get those of their folders in front.

    Raises UsageError for a bag that is given twice, by whatever path.

    Example:
        >>> [job.name for job in plan_jobs([Path("/a/run1"), Path("/a/run2.mcap")], Path("out"))]
        ['run1', 'run2']
        >>> [job.name for job in plan_jobs([Path("/a/run.mcap"), Path("/b/run.mcap")], Path("out"))]
        ['a_run', 'b_run']
    """
    paths = [bag.resolve() if ".." in bag.parts else bag.absolute() for bag in bags]
    places = [path.resolve() for path in paths]
    if twice := [str(path) for path, place in zip(paths, places, strict=True) if places.count(place) > 1]:
        raise UsageError(f"the same bag is given twice: {', '.join(twice)}")
    names = _names([(*path.parts[1:-1], bag_name(path)) for path in paths])
    return [Job(path, name, out / f"{name}{RESULTS}") for path, name in zip(paths, names, strict=True)]


def without_results(paths: Sequence[Path], out: Path) -> tuple[list[Path], list[Path]]:
    """Return the bags among paths, and the results of runs among them: a pattern may match both.

    Raises UsageError if there are no bags.
    """
    names = {bag_name(path) for path in paths}
    results = [path for path in paths if _is_result(path, names) or _has_results_only(path, out)]
    bags = [path for path in paths if path not in results]
    if not bags:
        raise UsageError(f"{results[0]} has results of eovseg-bags: give the bags that it was made from")
    return bags, results


def _is_result(path: Path, names: Collection[str]) -> bool:
    """Whether a run wrote a file, or a part of one; a copy of a bag only if the bag has one of the names."""
    name = re.sub(r"\.(part|state)$", "", path.name)
    copied = name.removesuffix(COPY)
    return name.endswith((RESULTS, EMBEDDINGS)) or (copied != name and copied in names)


def _has_results_only(path: Path, out: Path) -> bool:
    if not path.is_dir() or path.resolve() != out.resolve():
        return False
    try:
        return not files_of(path)
    except BagError:
        return True


def _names(parts: Sequence[tuple[str, ...]]) -> list[str]:
    """Return a name for each path: its last part, with as many before it as make it the only one.

    Example:
        >>> _names([("a", "run"), ("b", "run"), ("b", "other")])
        ['a_run', 'b_run', 'other']
    """
    lengths = [1] * len(parts)
    while True:
        names = ["_".join(part[-length:]) for part, length in zip(parts, lengths, strict=True)]
        counts = Counter(names)
        longer = [i for i, name in enumerate(names) if counts[name] > 1 and lengths[i] < len(parts[i])]
        if not longer:
            break
        for i in longer:
            lengths[i] += 1
    return [f"{name}_{i + 1}" if counts[name] > 1 else name for i, name in enumerate(names)]


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
