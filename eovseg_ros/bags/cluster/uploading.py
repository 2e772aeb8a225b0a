"""Copies of results in a store that fsspec knows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Uploads:
    """The folder of a URL, such as s3://bucket/labels or gs://bucket/labels."""

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        self._files: Any
        self._files, self._folder = url_to_fs(url.rstrip("/"))

    def fetch(self, path: Path) -> None:
        """Fetch a file if it is there and not here: it was finished by a run before."""
        if not path.exists() and self._files.exists(self._place(path.name)):
            draft = path.with_name(f"{path.name}.fetched")
            self._files.get_file(self._place(path.name), str(draft))
            draft.replace(path)

    def put(self, paths: Sequence[Path]) -> None:
        """Copy files and whole folders; the first path last, because it says that all are there."""
        self._files.makedirs(self._folder, exist_ok=True)
        for path in [*paths[1:], *paths[:1]]:
            if path.is_dir():
                self._files.put(f"{path}/", f"{self._place(path.name)}/", recursive=True)
            else:
                draft = self._place(f"{path.name}.part")
                self._files.put_file(str(path), draft)
                self._files.mv(draft, self._place(path.name))

    def _place(self, name: str) -> str:
        return f"{self._folder}/{name}"
