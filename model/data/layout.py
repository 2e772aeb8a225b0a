"""Checks that a data set is where its official layout puts it, before anything is read."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

Split = Literal["train", "val"]


class DatasetError(ValueError):
    """A data set that is not where or what it should be; the message says what is missing."""


def check_layout(title: str, parts: Mapping[Path, str]) -> None:
    """Raise DatasetError unless every part, a path with what it holds, is there; names all that are not."""
    missing = [f"{path} ({content})" for path, content in parts.items() if not path.exists()]
    if missing:
        raise DatasetError(f"{title}: {len(missing)} of {len(parts)} parts missing: {'; '.join(missing)}")


def check_files(title: str, content: str, paths: Iterable[Path]) -> None:
    """Raise DatasetError unless every file is there; says how many are not and where the first should be.

    Lists each folder once, so that it is quick on a network disk too.
    """
    paths = list(paths)
    folders = {path.parent for path in paths}
    there = {folder: set(os.listdir(folder)) for folder in folders if folder.is_dir()}
    missing = [path for path in paths if path.name not in there.get(path.parent, ())]
    if missing:
        raise DatasetError(
            f"{title}: {len(missing)} of {len(paths)} {content} missing, the first expected at {missing[0]}"
        )
    if not paths:
        raise DatasetError(f"{title}: no {content} at all")
