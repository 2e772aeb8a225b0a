"""Fetching a file by its address: resumed where it broke off, with a progress bar, errors in one line."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import gdown
import requests

TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two pieces
RETRIES = 3


class DownloadError(Exception):
    """A file that cannot be fetched; the message says why in one line."""


def download(url: str, folder: Path, name: str) -> Path:
    """Fetch url into folder, going on where an interrupted download of the same url stopped.

    url is any address, Google Drive's too. Returns the file, whose name starts with `name`; one that
    is there whole is not fetched again. Progress goes to stderr. Raises DownloadError offline, for a
    refusing server and for a transfer that broke off; what has been received is kept.
    """
    path = folder / f"{name}.{hashlib.sha256(url.encode()).hexdigest()[:8]}.pth"  # one file an address
    if path.exists():
        return path
    try:
        gdown.download(url, str(path), resume=True, use_cookies=False, timeout=TIMEOUT, retries=RETRIES)
    except (gdown.exceptions.DownloadError, requests.RequestException) as error:
        raise DownloadError(f"cannot fetch {url}: {_reason(url, error)}") from error
    return path


def forget_downloads(folder: Path, name: str) -> None:
    """Remove what `download` has received under this name, whole or not, from whatever address."""
    for path in folder.glob(f"{name}.????????.pth*"):
        path.unlink()


def _reason(url: str, error: Exception) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, requests.RequestException) else error
    if isinstance(cause, requests.HTTPError) and cause.response is not None:
        return f"the server answers {cause.response.status_code} {cause.response.reason}"
    if isinstance(cause, requests.Timeout):
        return f"{urlsplit(url).netloc} does not answer"
    if isinstance(cause, requests.ConnectionError):
        return f"no connection to {urlsplit(url).netloc} (offline?)"
    return " ".join(str(error).split()).rstrip(".")
