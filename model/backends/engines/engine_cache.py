"""Disk cache of engines; each folder is named by a hash of what its engine was built from."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import torch
from filelock import FileLock, Timeout

from ...checkpoint import sha256_of
from ..names import BackendError

MANIFEST = "manifest.json"
UNFINISHED = ".building"
MOST_BYTES = 8 * 10**9  # about ten engines of the largest variant; the least recently used are removed first

T = TypeVar("T")


class EngineCache:
    """Folders that are written atomically; if two processes need the same engine, one builds it."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder / "engines"
        self._most_bytes = most_bytes

    def load(self, parts: tuple[str, ...], load: Callable[[Path], T]) -> T | None:
        """Load the engine built from these parts; None if it is missing, damaged or does not load.

        A read-only cache works, too. Passes on BackendError from `load` and memory errors, because building
        the engine again would not help.
        """
        entry = self._entry(parts)
        with self._lock(entry.name):
            return _load_whole(entry, load)

    def build(self, parts: tuple[str, ...], build: Callable[[Path], None], load: Callable[[Path], T]) -> T:
        """Build an engine from these parts, store it and load it; only load it if it exists by now.

        An engine that does not load is replaced once the new one is complete. Raises BackendError if the
        cache cannot be written to.
        """
        entry = self._entry(parts)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{entry.name}.lock").touch()
        except OSError as error:
            raise BackendError(
                f"cannot keep an engine in {self._folder}: {error.strerror}; "
                "set EOVSEG_CACHE to a folder that can be written"
            ) from error
        with self._lock(entry.name):
            if (engine := _load_whole(entry, load)) is not None:
                return engine
            self._write(entry, build)
            self._make_room(entry)
            return load(entry)

    def _entry(self, parts: tuple[str, ...]) -> Path:
        return self._folder / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

    @contextlib.contextmanager
    def _lock(self, key: str) -> Iterator[None]:
        """Hold the lock of an entry; a read-only cache has no locks."""
        lock = FileLock(self._folder / f"{key}.lock")
        with contextlib.suppress(OSError):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _write(self, entry: Path, build: Callable[[Path], None]) -> None:
        work = entry.with_suffix(UNFINISHED)
        shutil.rmtree(work, ignore_errors=True)  # left by a killed process
        work.mkdir()
        try:
            build(work)
            sums = {file.name: sha256_of(file) for file in sorted(work.iterdir())}
            (work / MANIFEST).write_text(json.dumps(sums), encoding="utf-8")
            shutil.rmtree(entry, ignore_errors=True)
            work.rename(entry)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _make_room(self, newest: Path) -> None:
        """Remove the least recently used entries until the rest fits, and those left by killed processes."""
        folders = [folder for folder in self._folder.iterdir() if folder.is_dir() and folder != newest]
        free = self._most_bytes - _size(newest)
        for folder in sorted(folders, key=_last_used, reverse=True):
            free -= _size(folder)
            if free < 0 or folder.suffix == UNFINISHED:
                try:
                    with FileLock(self._folder / f"{folder.stem}.lock", timeout=0):
                        shutil.rmtree(folder, ignore_errors=True)
                except Timeout:  # in use
                    pass


def _load_whole(entry: Path, load: Callable[[Path], T]) -> T | None:
    if not _is_whole(entry):
        return None
    try:
        engine = load(entry)
    except BackendError:
        raise
    except Exception as error:  # runtimes raise any exception for files of other versions
        if _is_out_of_memory(error):
            raise
        return None
    with contextlib.suppress(OSError):  # read-only
        (entry / MANIFEST).touch()  # records the time of last use
    return engine


def _is_out_of_memory(error: Exception) -> bool:
    words = (
        "out of memory",
        "bad_alloc",
        "bad allocation",
        "cannot allocate memory",
        "can't allocate memory",
    )
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(
        word in str(error).lower() for word in words
    )


def _last_used(folder: Path) -> float:
    try:
        return (folder / MANIFEST).stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except OSError:  # removed by another process
        return 0


def _is_whole(entry: Path) -> bool:
    try:
        sums = json.loads((entry / MANIFEST).read_text(encoding="utf-8"))
        return all(sha256_of(entry / name) == checksum for name, checksum in sums.items())
    except (OSError, ValueError, AttributeError):
        return False
