"""All forms in which the results of a bag are written beside the file of results."""

import functools
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.exporting.coco import is_of_other_results, write_coco
from eovseg_ros.bags.exporting.export_settings import ExportSettings
from eovseg_ros.bags.exporting.full_copy import error_of_copy, is_copy_of_other_results, write_full_copy
from eovseg_ros.bags.exporting.video import write_videos
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.plain_text import reason_of
from eovseg_ros.bags.reading.files import COPY
from eovseg_ros.bags.writing.full_disk import is_of_full_disk


class _Export(NamedTuple):
    """What one form consists of, the function that writes it from the bag and its results.

    of_other_results says of what is there whether it was made from other results than those of a file, error
    why it ends early.
    """

    targets: list[Path]
    write: Callable[[Path, Path], None]
    of_other_results: Callable[[Path], bool] = lambda _: False
    error: Callable[[], str] = lambda: ""


class Exports:
    """The forms of one bag, whose files begin with `name` in the folder `out`."""

    def __init__(self, wanted: ExportSettings, name: str, out: Path, settings: LabelSettings) -> None:
        self._wanted = wanted
        self._name = name
        self._out = out
        self._settings = settings

    def remove(self, results: Path) -> None:
        """Remove what is wanted now, and all that stands beside former results, if there are any."""
        targets = [target for export in self._all() for target in export.targets]
        if results.exists():
            targets += [self._copy, *self._videos.values()]
        _remove(targets)

    def check(self, results: Path) -> None:
        """Raise BagError if there is a copy or a video of results that are not there: it is of others."""
        if results.exists():
            return
        wanted = [target for export in self._all() for target in export.targets]
        for target in (self._copy, *self._videos.values()):
            if target in wanted and target.exists():
                raise BagError(
                    f"{target} exists, but not {results}, of which it would be: choose another --out, or "
                    "replace it with --overwrite"
                )

    def write(self, bag: Path, results: Path, *, overwrite: bool = False) -> tuple[list[Path], str]:
        """Write what is missing; return all files and folders, and why one of them is missing or ends early.

        overwrite replaces what was made from other results. Raises OSError of a full disk.
        """
        written, error = [], ""
        for export in self._all():
            try:
                there = all(target.exists() for target in export.targets)
                others = there and export.of_other_results(results)
                if others and overwrite:
                    _remove(export.targets)
                if not there or (others and overwrite):
                    export.write(bag, results)
                elif others:
                    raise BagError(
                        f"{export.targets[0]} is of other results: choose another folder, or replace it with "
                        "--overwrite"
                    )
                else:
                    error = error or export.error()
            except BagError as reason:
                error = error or str(reason)
            except OSError as reason:
                if is_of_full_disk(reason):
                    raise
                error = error or reason_of(reason)
            written += [target for target in export.targets if target.exists()]
        return written, error

    @property
    def _copy(self) -> Path:
        return self._out / f"{self._name}{COPY}"

    @property
    def _videos(self) -> dict[str, Path]:
        """A file for each camera."""
        names = [camera.name for camera in self._settings.cameras]
        return {name: self._out / f"{'_'.join(filter(None, (self._name, name)))}.mp4" for name in names}

    def _all(self) -> Iterator[_Export]:
        wanted, settings = self._wanted, self._settings
        if wanted.copy:
            write: Callable[[Path, Path], None] = functools.partial(write_full_copy, target=self._copy)
            others = functools.partial(is_copy_of_other_results, self._copy)
            yield _Export([self._copy], write, others, functools.partial(error_of_copy, self._copy))
        if wanted.coco:
            folder = wanted.coco / self._name
            write = functools.partial(write_coco, target=folder, settings=settings)
            yield _Export([folder], write, functools.partial(is_of_other_results, folder))
        if wanted.video:
            videos = self._videos
            write = functools.partial(write_videos, targets=videos, settings=settings)
            yield _Export(list(videos.values()), write)


def _remove(targets: Iterable[Path]) -> None:
    for target in targets:
        if target.is_dir():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)
