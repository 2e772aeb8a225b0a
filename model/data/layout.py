"""Check that a data set's files are where its official layout puts them."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

Split = Literal["train", "val"]


class DatasetError(ValueError):
    """Raised for a data set that is missing, incomplete or inconsistent; the message says what is wrong."""


def check_layout(title: str, parts: Mapping[Path, str]) -> None:
    """Raise DatasetError naming all missing parts; parts maps each path to a description of its content."""
    missing = [f"{path} ({content})" for path, content in parts.items() if not path.exists()]
    if missing:
        raise DatasetError(f"{title}: {len(missing)} of {len(parts)} parts missing: {'; '.join(missing)}")


def check_files(title: str, content: str, paths: Iterable[Path]) -> None:
    """Raise DatasetError, naming the first missing file and their number, unless all files exist.

    Lists each folder once, which is fast on network disks, too.
    """
    paths = list(paths)
    folders = {path.parent for path in paths}
    there = {folder: set(os.listdir(folder)) for folder in folders if folder.is_dir()}
    missing = [path for path in paths if path.name not in there.get(path.parent, ())]
    if missing:
        raise DatasetError(
            f"{title}: {len(missing)} of {len(paths)} {content} missing; expected the first at {missing[0]}"
        )
    if not paths:
        raise DatasetError(f"{title}: no {content} found")
