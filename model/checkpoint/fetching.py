"""Download the published checkpoints, check them and convert them into the cache."""

from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock
from torch import Tensor

from .checksums import ChecksumError, compare_with_record, record_of, sha256_of, write_record
from .download import download, forget_downloads
from .errors import CheckpointError
from .loading import convert, read_state_dict
from .published_files import PUBLISHED_FILES, converted_path


def fetch(
    variant: str,
    cache: Path,
    expected: Mapping[str, Tensor],
    url: str | None = None,
    restart: bool = False,
) -> Path:
    """Download a variant's published checkpoint, or that at the mirror `url`, and convert it into the cache.

    expected holds the parameter names and shapes of the variant. The authors publish no checksum, so the
    checksum of the first download that fits is recorded and later downloads must match it. A converted
    file in the cache is only compared with its own checksum. restart deletes earlier downloads and starts
    over. Raises DownloadError, ChecksumError or CheckpointError.
    """
    target = converted_path(cache, variant)
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_suffix(".lock")):
        if restart:
            forget_downloads(target.parent, target.stem)
        elif target.exists():
            _check_kept(target)
            return target
        source = download(url or PUBLISHED_FILES[variant].url, target.parent, target.stem)
        _keep_download(source, target, variant, expected)
    return target


def keep(source: Path, target: Path, variant: str, expected: Mapping[str, Tensor]) -> None:
    """Convert a published checkpoint and record the checksum of the result. Raises CheckpointError."""
    _convert(source, target, variant, expected, sha256_of(source))


def _keep_download(source: Path, target: Path, variant: str, expected: Mapping[str, Tensor]) -> None:
    """Convert a download that matches the first one, then delete it and record its checksum."""
    original = target.with_suffix(".pth")  # the file is deleted; only its checksum is kept
    checksum = sha256_of(source)
    try:
        compare_with_record(original, checksum)
        _convert(source, target, variant, expected, checksum)
    except ChecksumError as error:
        raise ChecksumError(
            f"{error}: the download is damaged or the published file has changed; use --restart to download "
            f"it again, or remove {record_of(original)} first to accept the new file"
        ) from error
    except CheckpointError as error:
        raise CheckpointError(
            f"{error} (if the file is damaged, use --restart to download it again)"
        ) from error
    write_record(original, checksum)
    source.unlink()


def _convert(source: Path, target: Path, variant: str, expected: Mapping[str, Tensor], checksum: str) -> None:
    metadata = {"variant": variant, "source": "published, Apache-2.0", "source_sha256": checksum}
    record_of(target).unlink(missing_ok=True)  # of the file that is replaced
    convert(read_state_dict(source), expected, target, metadata)
    write_record(target, sha256_of(target))


def _check_kept(target: Path) -> None:
    try:
        compare_with_record(target, sha256_of(target))
    except ChecksumError as error:
        raise ChecksumError(
            f"{error}: the cached file is damaged; use --restart to download it again"
        ) from error
