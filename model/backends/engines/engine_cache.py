"""Built engines on disk, each in a folder named by what it was built from."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from ...checkpoint import sha256_of

MANIFEST = "manifest.json"
UNFINISHED = ".building"
MOST_BYTES = 8 * 10**9  # about ten engines of the largest variant; the least recently used go first

T = TypeVar("T")


class EngineCache:
    """Folders that appear whole or not at all; a broken one is built anew, two processes build one once."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder / "engines"
        self._most_bytes = most_bytes

    def get(self, parts: tuple[str, ...], build: Callable[[Path], None], load: Callable[[Path], T]) -> T:
        """Load what was built from these parts; build it where it is missing or does not load."""
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
        self._folder.mkdir(parents=True, exist_ok=True)
        entry = self._folder / key
        with self._lock(key):
            if _is_whole(entry):
                try:
                    engine = load(entry)
                    (entry / MANIFEST).touch()  # when it was last used
                    return engine
                except Exception:  # whatever a runtime says of a file that it does not like: build it anew
                    pass
            shutil.rmtree(entry, ignore_errors=True)
            self._write(entry, build)
            self._make_room(entry)
            return load(entry)

    def _lock(self, key: str) -> FileLock:
        return FileLock(self._folder / f"{key}.lock")

    def _write(self, entry: Path, build: Callable[[Path], None]) -> None:
        work = entry.with_suffix(UNFINISHED)
        shutil.rmtree(work, ignore_errors=True)  # of a process that was killed
        work.mkdir()
        try:
            build(work)
            sums = {file.name: sha256_of(file) for file in sorted(work.iterdir())}
            (work / MANIFEST).write_text(json.dumps(sums), encoding="utf-8")
            work.rename(entry)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _make_room(self, newest: Path) -> None:
        """Remove what was not used for longest until the rest fits, and what killed processes left."""
        folders = [folder for folder in self._folder.iterdir() if folder.is_dir() and folder != newest]
        free = self._most_bytes - _size(newest)
        for folder in sorted(folders, key=_last_used, reverse=True):
            free -= _size(folder)
            if free < 0 or folder.suffix == UNFINISHED:
                try:
                    with self._lock(folder.stem).acquire(blocking=False):
                        shutil.rmtree(folder, ignore_errors=True)
                except Timeout:  # in use
                    pass


def _last_used(folder: Path) -> float:
    try:
        return (folder / MANIFEST).stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except OSError:  # another process has just removed it
        return 0


def _is_whole(entry: Path) -> bool:
    try:
        sums = json.loads((entry / MANIFEST).read_text(encoding="utf-8"))
        return all(sha256_of(entry / name) == checksum for name, checksum in sums.items())
    except (OSError, ValueError, AttributeError):
        return False
