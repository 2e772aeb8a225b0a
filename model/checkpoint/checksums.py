"""SHA-256 checksums, each stored beside its file in the format of `sha256sum -c`."""

import hashlib
from pathlib import Path


class ChecksumError(ValueError):
    """Raised for a file that does not match its recorded checksum."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def record_of(path: Path) -> Path:
    """Return the path of the file that records the checksum of path."""
    return path.with_name(path.name + ".sha256")


def write_record(path: Path, checksum: str) -> None:
    """Record the checksum of a file, replacing any earlier record."""
    record_of(path).write_text(f"{checksum}  {path.name}\n", encoding="utf-8")


def compare_with_record(path: Path, checksum: str) -> None:
    """Raise ChecksumError if the recorded checksum differs; a file without a record passes."""
    record = record_of(path)
    if not record.exists():
        return
    known = record.read_text(encoding="utf-8").split()[:1]
    if known != [checksum]:
        raise ChecksumError(f"SHA-256 of {path.name} is {checksum}, but {record} records {' '.join(known)}")
