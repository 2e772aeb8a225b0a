"""Encoded text kept on disk, so that a name is encoded once for each set of weights."""

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

BUSY_SECONDS = 5.0  # how long one process waits while another writes
NAMES_A_QUERY = 500  # SQLite takes 999 variables at most in old versions

_logger = logging.getLogger(__name__)


class TextCache:
    """Text embeddings by name in one SQLite file a set of weights.

    Processes may share the file. An entry that is damaged is a miss; a file that is no database is
    begun anew; a folder that cannot be written costs a warning and the cache.
    """

    def __init__(self, folder: Path, weights_hash: str) -> None:
        templates = hashlib.sha256("\n".join(PROMPT_TEMPLATES).encode()).hexdigest()
        self.path = folder / "text" / f"{weights_hash[:32]}-{templates[:8]}.sqlite"

    def read(self, names: Sequence[str]) -> dict[str, Tensor]:
        """The embeddings (D,) of those names that are there."""
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
        except sqlite3.OperationalError as error:  # locked, or no access: the file may be sound
            _logger.warning("the text cache %s cannot be read: %s", self.path, error)
        except sqlite3.DatabaseError as error:
            _logger.warning("the text cache %s is damaged and begun anew: %s", self.path, error)
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
            _logger.warning("encoded text is not kept: %s: %s", self.path, error)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=BUSY_SECONDS)
