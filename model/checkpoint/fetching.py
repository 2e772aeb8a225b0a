"""The authors' checkpoints into the cache: downloaded, checked, converted."""

from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock
from torch import Tensor

from .checksums import ChecksumError, compare_with_record, record_of, sha256_of, write_record
from .download import download, forget_downloads
from .loading import CheckpointError, convert, read_state_dict
from .published_files import PUBLISHED_FILES, converted_path


def fetch(
    variant: str,
    cache: Path,
    expected: Mapping[str, Tensor],
    url: str | None = None,
    restart: bool = False,
) -> Path:
    """Bring a variant's checkpoint into the cache in our form, from the authors or from the mirror `url`.

    expected holds the names and shapes of the variant. No checksum is published, so that of the first
    download that fits is kept, and every later one must have it. A file that is there already is
    only compared with its own checksum. restart drops what earlier downloads left and begins anew.
    Raises DownloadError, ChecksumError and CheckpointError.
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
    """Convert a published checkpoint and write the checksum of what comes out beside it; CheckpointError."""
    _convert(source, target, variant, expected, sha256_of(source))


def _keep_download(source: Path, target: Path, variant: str, expected: Mapping[str, Tensor]) -> None:
    """The same, if it is the checkpoint that was downloaded first; then drop it and keep its checksum."""
    original = target.with_suffix(".pth")  # not kept, but its checksum is
    checksum = sha256_of(source)
    try:
        compare_with_record(original, checksum)
        _convert(source, target, variant, expected, checksum)
    except ChecksumError as error:
        raise ChecksumError(
            f"{error}: it is damaged or was replaced; --restart fetches it anew, and if you trust another "
            f"one remove {record_of(original)} before"
        ) from error
    except CheckpointError as error:
        raise CheckpointError(f"{error} (if the file is damaged, --restart fetches it anew)") from error
    write_record(original, checksum)
    source.unlink()


def _convert(source: Path, target: Path, variant: str, expected: Mapping[str, Tensor], checksum: str) -> None:
    metadata = {"variant": variant, "source": "published, Apache-2.0", "source_sha256": checksum}
    convert(read_state_dict(source), expected, target, metadata)
    write_record(target, sha256_of(target))


def _check_kept(target: Path) -> None:
    try:
        compare_with_record(target, sha256_of(target))
    except ChecksumError as error:
        raise ChecksumError(f"{error}: it was damaged in the cache; --restart fetches it anew") from error
