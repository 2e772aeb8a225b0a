"""The folder that results go to."""

from pathlib import Path

from eovseg_ros.bags.errors import UsageError


def make_folder(path: Path) -> None:
    """Make a folder that --out names, with those above it. Raises UsageError for a file, and OSError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"--out {path}: a file is in the place of this folder; name another one") from error
