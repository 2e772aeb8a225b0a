"""Fetching a weights file: resumed, shown, and checked against the checksum of its first download."""

import hashlib
from pathlib import Path

import gdown
import requests

from .loading import CheckpointError

TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two pieces
RETRIES = 3


def fetch(url: str, path: Path) -> str:
    """Download url to path, going on where an interrupted download stopped; returns its SHA-256.

    None is published for the authors' files, so the first download's is written beside the file
    (`*.sha256`) and every later one must equal it. A file that is there already is only checked.
    Raises CheckpointError offline, for a refusing server and for a checksum that differs.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if not path.exists():
            gdown.download(url, str(path), resume=True, use_cookies=False, timeout=TIMEOUT, retries=RETRIES)
    except (gdown.exceptions.DownloadError, requests.RequestException) as error:
        raise CheckpointError(
            f"cannot download {url}: {error}\nA repeated call goes on where this one stopped. Without internet here, "
            f"download it elsewhere and use `eovseg weights convert`."
        ) from error
    checksum = sha256_of(path)
    record = checksum_file(path)
    if not record.exists():
        record.write_text(f"{checksum}  {path.name}\n")
    expected = record.read_text().split()[0]
    if checksum != expected:
        raise CheckpointError(
            f"{path} has SHA-256 {checksum}, but {record} says {expected}: the download is damaged or the file was "
            f"replaced. Remove {path.name} and fetch again; remove {record.name} too if you trust the new one."
        )
    return checksum


def checksum_file(path: Path) -> Path:
    """Where the checksum of a downloaded file is kept."""
    return path.with_name(path.name + ".sha256")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
