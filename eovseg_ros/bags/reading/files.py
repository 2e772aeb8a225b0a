"""The files of a recording."""

import re
import tempfile
from pathlib import Path
from typing import Any

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.writing.full_disk import saying_full_disk

_STORAGE = (".mcap", ".db3")
_PACKED = (".zstd", ".zst")
METADATA = "metadata.yaml"
# Ends of the names of what this program writes, also into the folder of a bag.
RESULTS, EMBEDDINGS, COPY = "_labels.mcap", "_labels.embeddings", "_full.mcap"


def files_of(path: Path) -> list[Path]:
    """Return the .mcap and .db3 files of a rosbag2 folder, some with .zstd behind, or the file that it is.

    They are those that its metadata.yaml names, or all if it names none. Raises BagError, also for a file
    that is missing.
    """
    if not path.exists():
        raise BagError(f"{path} does not exist")
    if not path.is_dir():
        return [_check_kind(path)]
    names = _named(path / METADATA)
    if not names:
        found = [
            file
            for file in sorted(path.iterdir())
            if is_storage(file) and not file.name.endswith((RESULTS, COPY))
        ]
        if not found:
            raise BagError(f"{path} has neither {METADATA} nor .mcap or .db3 files; it is no bag")
        return [file for file in found if file.stat().st_size] or found[:1]  # of a recorder killed early
    files = [_find(path / name) for name in names]
    for file, name in zip(files, names, strict=True):
        if file is None:
            raise BagError(f"{path / name} is missing, which {METADATA} names: copy it into the folder")
    return [file for file in files if file]


def is_storage(path: Path) -> bool:
    """Whether a file has messages by its name."""
    return plain_name(path).endswith(_STORAGE)


def is_packed(path: Path) -> bool:
    """Whether a file is compressed as a whole."""
    return path.suffix.lower() in _PACKED


def plain_name(path: Path) -> str:
    """Return the name of a file without the suffix of its compression.

    Example:
        >>> plain_name(Path("run_0.db3.zstd"))
        'run_0.db3'
    """
    return (path.stem if is_packed(path) else path.name).lower()


def bag_name(path: Path) -> str:
    """Return the name of a bag.

    Example:
        >>> bag_name(Path("a/run.mcap")), bag_name(Path("a/run_0.db3.zstd")), bag_name(Path("a/run.1"))
        ('run', 'run_0', 'run.1')
    """
    name = path.stem if is_packed(path) else path.name
    return next((name.removesuffix(end) for end in _STORAGE if name.endswith(end)), name)


def unpack(file: Path, folder: Path) -> Path:
    """Unpack a file into a folder, as far as it goes, and return it. Raises DiskFull and OSError."""
    import zstandard

    target = folder / plain_name(file)
    doing = f"unpacking {file} into {tempfile.gettempdir()} (TMPDIR chooses another folder)"
    with saying_full_disk(doing), file.open("rb") as packed, target.open("wb") as out:
        try:
            zstandard.ZstdDecompressor().copy_stream(packed, out)
        except zstandard.ZstdError:  # the reader of what is there says what is missing
            pass
    return target


def _check_kind(path: Path) -> Path:
    if path.suffix == ".bag":
        raise BagError(f"{path} is a bag of ROS 1: convert it with rosbags-convert first")
    if not is_storage(path):
        raise BagError(f"{path} is no bag: give a rosbag2 folder, or an .mcap or .db3 file")
    return path


def _find(file: Path) -> Path | None:
    """Return a file, or the one that it was compressed from, or that was compressed from it."""
    others = [file.with_name(f"{file.name}{suffix}") for suffix in _PACKED]
    plain = [file.with_name(file.stem)] if is_packed(file) else []
    return next((each for each in (file, *plain, *others) if each.exists()), None)


def _named(metadata: Path) -> list[str]:
    """Return the names of the files in metadata.yaml, none if it is missing or broken."""
    import yaml

    try:
        content: Any = yaml.safe_load(metadata.read_text(encoding="utf-8"))
        paths = content["rosbag2_bagfile_information"]["relative_file_paths"]
        return [re.split(r"[/\\]", str(path))[-1] for path in paths]  # older releases name the folder, too
    except (OSError, yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
