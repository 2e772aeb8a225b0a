"""Disk cache of text embeddings, so that each name is encoded once per weights file."""

import hashlib
import logging
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
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

    Processes may share the file. A damaged entry is a miss, a damaged file is deleted, and a folder that
    cannot be written to disables the cache with a warning.
    """

    def __init__(self, folder: Path, weights_hash: str) -> None:
        templates = hashlib.sha256("\n".join(PROMPT_TEMPLATES).encode()).hexdigest()
        self.path = folder / "text" / f"{weights_hash[:32]}-{templates[:8]}.sqlite"

    def read(self, names: Sequence[str]) -> dict[str, Tensor]:
        """Return the embeddings (D,) of the cached names."""
        if not self.path.exists():
            return {}
        embeddings: dict[str, Tensor] = {}
        try:
            with closing(self._connect()) as database:
                for start in range(0, len(names), NAMES_A_QUERY):
                    part = names[start : start + NAMES_A_QUERY]
                    marks = ",".join("?" * len(part))
                    query = f"SELECT name, checksum, row FROM rows WHERE name IN ({marks})"
                    for name, checksum, row in database.execute(query, part):
                        if isinstance(row, bytes) and zlib.crc32(row) == checksum:
                            embeddings[name] = torch.from_numpy(np.frombuffer(row, np.float32).copy())
        except sqlite3.OperationalError as error:  # locked or no access; the file may be intact
            _logger.warning("cannot read the text cache %s: %s", self.path, error)
        except sqlite3.DatabaseError as error:
            _logger.warning("the text cache %s is damaged and was deleted: %s", self.path, error)
            self.path.unlink(missing_ok=True)
        return embeddings

    def write(self, embeddings: Mapping[str, Tensor]) -> None:
        """Add embeddings (D,) float32 by name."""
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
            _logger.warning("cannot write the text cache %s: %s", self.path, error)

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=BUSY_SECONDS)
        # Waiting for the disk takes long on SD cards; a file that a power cut damages is deleted.
        database.execute("PRAGMA synchronous = OFF")
        return database
