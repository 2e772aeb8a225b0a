"""Built engines on disk, each in a folder named by what it was built from."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

MANIFEST = "manifest.json"

T = TypeVar("T")


class EngineCache:
    """Folders that appear whole or not at all; a broken one is built anew, two processes build one once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "engines"

    def get(self, parts: tuple[str, ...], build: Callable[[Path], None], load: Callable[[Path], T]) -> T:
        """Load what was built from these parts; build it where it is missing or does not load."""
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / f"{key}.lock"):
            entry = self._folder / key
            if _is_whole(entry):
                try:
                    return load(entry)
                except Exception:  # whatever a runtime says of a file that it does not like: build it anew
                    pass
            shutil.rmtree(entry, ignore_errors=True)
            self._write(entry, build)
            return load(entry)

    def _write(self, entry: Path, build: Callable[[Path], None]) -> None:
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="building-") as name:
            work = Path(name) / "engine"
            work.mkdir()
            build(work)
            sums = {file.name: _checksum(file) for file in sorted(work.iterdir())}
            (work / MANIFEST).write_text(json.dumps(sums), encoding="utf-8")
            work.rename(entry)


def _is_whole(entry: Path) -> bool:
    try:
        sums = json.loads((entry / MANIFEST).read_text(encoding="utf-8"))
        return all(_checksum(entry / name) == checksum for name, checksum in sums.items())
    except (OSError, ValueError, AttributeError):
        return False


def _checksum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
