"""SHA-256 of files, kept beside them in the form that `sha256sum -c` reads."""

import hashlib
from pathlib import Path


class ChecksumError(ValueError):
    """A file that is no longer what it was when its checksum was recorded."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def record_of(path: Path) -> Path:
    """Where the checksum of a file is kept."""
    return path.with_name(path.name + ".sha256")


def write_record(path: Path, checksum: str) -> None:
    """Keep the checksum of a file, in place of any other."""
    record_of(path).write_text(f"{checksum}  {path.name}\n", encoding="utf-8")


def compare_with_record(path: Path, checksum: str) -> None:
    """Raise ChecksumError if the record of this file says something else; without one all is well."""
    record = record_of(path)
    if not record.exists():
        return
    known = record.read_text(encoding="utf-8").split()[:1]
    if known != [checksum]:
        raise ChecksumError(f"{path.name} has SHA-256 {checksum}, but {record} says {' '.join(known)}")
