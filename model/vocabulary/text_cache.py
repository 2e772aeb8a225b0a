"""Disk cache of text embeddings, so that each name is encoded once per weights file."""

import hashlib
import logging
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..network import PROMPT_TEMPLATES

BUSY_SECONDS = 5.0  # how long a process waits while another one writes
NAMES_A_QUERY = 500  # old versions of SQLite allow at most 999 variables

_logger = logging.getLogger(__name__)


class TextCache:
    """Text embeddings by name, in one SQLite file per set of weights.

    Processes may share the file. A damaged entry is a miss, and a damaged file is deleted. After the first
    error in writing nothing more is written. Each error is logged once.
    """

    def __init__(self, folder: Path, weights_hash: str) -> None:
        templates = hashlib.sha256("\n".join(PROMPT_TEMPLATES).encode()).hexdigest()
        self.path = folder / "text" / f"{weights_hash[:32]}-{templates[:8]}.sqlite"
        self._writing = True
        self._warned: set[str] = set()

    def read(self, names: Sequence[str]) -> dict[str, Tensor]:
        """Return the embeddings (D,) of the cached names."""
        embeddings: dict[str, Tensor] = {}
        try:
            if not self.path.exists():
                return {}
            with closing(self._connect()) as database:
                for start in range(0, len(names), NAMES_A_QUERY):
                    part = names[start : start + NAMES_A_QUERY]
                    marks = ",".join("?" * len(part))
                    query = f"SELECT name, checksum, row FROM rows WHERE name IN ({marks})"
                    for name, checksum, row in database.execute(query, part):
                        if isinstance(row, bytes) and zlib.crc32(row) == checksum:
                            embeddings[name] = torch.from_numpy(np.frombuffer(row, np.float32).copy())
        except (OSError, sqlite3.OperationalError) as error:  # locked or no access; the file may be intact
            self._warn(f"cannot read the text cache {self.path}: {error}")
        except sqlite3.DatabaseError as error:
            self._warn(f"the text cache {self.path} is damaged and deleted: {error}")
            with suppress(OSError):  # a read-only folder
                self.path.unlink(missing_ok=True)
        return embeddings

    def write(self, embeddings: Mapping[str, Tensor]) -> None:
        """Add embeddings (D,) float32 by name."""
        if not self._writing:
            return
        entries = [(name, e.detach().cpu().float().numpy().tobytes()) for name, e in embeddings.items()]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as database, database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS rows (name TEXT PRIMARY KEY, checksum INTEGER, row BLOB)"
                )
                database.executemany(
                    "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)",
                    [(name, zlib.crc32(row), row) for name, row in entries],
                )
        except (OSError, sqlite3.Error) as error:
            self._writing = False  # a vocabulary comes in many parts, which would all fail
            self._warn(f"cannot write the text cache {self.path}: {error}; new names are not kept")

    def _warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            _logger.warning(text)

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=BUSY_SECONDS)
        # Waiting for the disk takes long on SD cards; a file that a power cut damages is deleted.
        database.execute("PRAGMA synchronous = OFF")
        return database
