"""A .db3 file as a recording."""

import contextlib
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.plain_text import reason_of
from eovseg_ros.bags.reading.records import RawMessage, Topic, check_time

_LARGEST = 2**63 - 1  # of SQLite's integers


class SqliteBag:
    """Reads the tables of rosbag2, of all its releases."""

    def __init__(self, path: Path, name: Path | None = None) -> None:
        """Read topics and times; errors call the file `name`. Raises BagError for a file that has none."""
        self._path, self._name = path, name or path
        self.topics: dict[str, Topic] = {}
        try:
            with contextlib.closing(self._open()) as database:
                self._take_over(database)
        except (sqlite3.Error, ValueError, TypeError) as error:  # what a damaged file leads to
            raise BagError(f"cannot read {self._name}: {reason_of(error)}") from error

    def messages(
        self, topics: Collection[str], start: int | None = None, stop: int | None = None
    ) -> Iterator[RawMessage]:
        """As in Bag."""
        names = {number: name for number, name in self._names.items() if name in topics}
        marks = ",".join("?" * len(names))
        query = f"SELECT topic_id, timestamp, data FROM messages WHERE topic_id IN ({marks})"  # noqa: S608
        bounds = [min(bound, _LARGEST) for bound in (start, stop) if bound is not None]
        query += " AND timestamp >= ?" * (start is not None) + " AND timestamp < ?" * (stop is not None)
        try:
            with contextlib.closing(self._open()) as database:
                for number, time, data in database.execute(
                    f"{query} ORDER BY timestamp, id", [*names, *bounds]
                ):
                    yield RawMessage(names[number], check_time(time), bytes(data))
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise BagError(f"{self._name} is broken: {reason_of(error)}") from error

    def _open(self) -> sqlite3.Connection:
        """Open the file, which nobody changes, with what its recorder has left in a log beside it."""
        log = self._path.with_name(f"{self._path.name}-wal")
        mode = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
        return sqlite3.connect(f"{self._path.absolute().as_uri()}?{mode}", uri=True, check_same_thread=False)

    def _take_over(self, database: sqlite3.Connection) -> None:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"topics", "messages"} <= tables:
            raise BagError(f"{self._name} has no tables of rosbag2")
        definitions = {}
        if "message_definitions" in tables:
            columns = "topic_type, encoding, encoded_message_definition"
            definitions = {
                name: (text, encoding)
                for name, encoding, text in database.execute(f"SELECT {columns} FROM message_definitions")
            }
        counts = dict(database.execute("SELECT topic_id, COUNT(*) FROM messages GROUP BY topic_id"))
        found = [name for _, name, *_ in database.execute("PRAGMA table_info(topics)")]
        qos = "offered_qos_profiles" if "offered_qos_profiles" in found else "''"  # not before Foxy
        self._names: dict[int, str] = {}
        for number, name, kind, form, profiles in database.execute(
            f"SELECT id, name, type, serialization_format, {qos} FROM topics ORDER BY id"
        ):
            self._names[number] = name
            known = self.topics.get(name)
            count = counts.get(number, 0) + (known.messages if known else 0)
            text, encoding = definitions.get(kind, ("", "ros2msg"))
            self.topics[name] = Topic(name, kind, count, profiles, text, encoding, form)
        ((first, last),) = database.execute("SELECT MIN(timestamp), MAX(timestamp) FROM messages")
        self.start, self.end = int(first or 0), int(last or 0)
