"""All forms in which the results of a bag are written beside the file of results."""

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.exporting.coco import write_coco
from eovseg_ros.bags.exporting.export_settings import ExportSettings
from eovseg_ros.bags.exporting.full_copy import write_full_copy
from eovseg_ros.bags.exporting.video import write_videos
from eovseg_ros.bags.labelling.settings import LabelSettings


class _Export(NamedTuple):
    """What one form consists of, and the function that writes it from the bag and its results."""

    targets: list[Path]
    write: Callable[[Path, Path], None]


class Exports:
    """The forms of one bag, whose files begin with `name` in the folder `out`."""

    def __init__(self, wanted: ExportSettings, name: str, out: Path, settings: LabelSettings) -> None:
        self._wanted = wanted
        self._name = name
        self._out = out
        self._settings = settings

    def remove(self) -> None:
        """Remove what results before have led to."""
        for export in self._all():
            for target in export.targets:
                if target.is_dir():
                    shutil.rmtree(target)
                target.unlink(missing_ok=True)

    def write(self, bag: Path, results: Path) -> tuple[list[Path], str]:
        """Write what is missing; return all files and folders, and why one of them is missing or ends early.

        Raises OSError.
        """
        written, error = [], ""
        for export in self._all():
            try:
                if not all(target.exists() for target in export.targets):
                    export.write(bag, results)
            except BagError as reason:
                error = error or str(reason)
            written += [target for target in export.targets if target.exists()]
        return written, error

    def _all(self) -> Iterator[_Export]:
        wanted, name = self._wanted, self._name
        if wanted.copy:
            full = self._out / f"{name}_full.mcap"
            yield _Export([full], functools.partial(write_full_copy, target=full))
        if wanted.coco:
            folder = wanted.coco / name
            yield _Export([folder], functools.partial(write_coco, target=folder, settings=self._settings))
        if wanted.video:
            videos = {
                camera.name: self._out / f"{'_'.join(filter(None, (name, camera.name)))}.mp4"
                for camera in self._settings.cameras
            }
            writer = functools.partial(write_videos, targets=videos, settings=self._settings)
            yield _Export(list(videos.values()), writer)
