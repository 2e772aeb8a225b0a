"""Resumable download of a file, with a progress bar and one-line errors."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import gdown
import requests

TIMEOUT = (10.0, 60.0)  # seconds: to connect, and between two chunks
RETRIES = 3


class DownloadError(Exception):
    """Raised when a file cannot be downloaded; the message is one line."""


def download(url: str, folder: Path, name: str) -> Path:
    """Download url into folder, resuming an interrupted download of the same url.

    url may be a Google Drive address. Returns the path of the file, whose name starts with `name`; a file
    that is already complete is not downloaded again. Shows progress on stderr. Raises DownloadError if there
    is no connection, the server refuses or the transfer breaks off; a partial download is kept.
    """
    path = folder / f"{name}.{hashlib.sha256(url.encode()).hexdigest()[:8]}.pth"  # one file per url
    if path.exists():
        return path
    try:
        gdown.download(url, str(path), resume=True, use_cookies=False, timeout=TIMEOUT, retries=RETRIES)
    except (gdown.exceptions.DownloadError, requests.RequestException) as error:
        raise DownloadError(f"cannot download {url}: {_reason(url, error)}") from error
    return path


def forget_downloads(folder: Path, name: str) -> None:
    """Remove complete and partial downloads of this name, from any url."""
    for path in folder.glob(f"{name}.????????.pth*"):
        path.unlink()


def _reason(url: str, error: Exception) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, requests.RequestException) else error
    if isinstance(cause, requests.HTTPError) and cause.response is not None:
        return f"the server responded {cause.response.status_code} {cause.response.reason}"
    if isinstance(cause, requests.Timeout):
        return f"{urlsplit(url).netloc} timed out"
    if isinstance(cause, requests.ConnectionError):
        return f"no connection to {urlsplit(url).netloc} (offline?)"
    return " ".join(str(error).split()).rstrip(".")
