"""An .mcap file without an end, as a recorder leaves it that is killed or has no more space."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.reading.records import RawMessage, Topic, check_time

_MAGIC = b"\x89MCAP0\r\n"


def is_unfinished(path: Path) -> bool:
    """Whether a file is MCAP by its first bytes, but not by its last ones."""
    if path.suffix != ".mcap" or not path.is_file():
        return False
    with path.open("rb") as file:
        begins = file.read(len(_MAGIC)) == _MAGIC
        file.seek(-min(len(_MAGIC), path.stat().st_size), 2)
        return begins and file.read() != _MAGIC


class UnfinishedMcap:
    """The messages of an unfinished file in their order in it, which is that of their recording."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        self._path = path
        self.topics: dict[str, Topic] = {}
        self.start = self.end = 0
        counts: dict[str, int] = {}
        for schema, topic, qos, time, _ in self._records():
            counts[topic] = counts.get(topic, 0) + 1
            self.topics[topic] = Topic(topic, schema[0], counts[topic], qos, schema[1], schema[2])
            self.start, self.end = min(self.start or time, time), max(self.end, time)

    def __enter__(self) -> "UnfinishedMcap":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def messages(
        self, topics: Collection[str], start: int | None = None, stop: int | None = None
    ) -> Iterator[RawMessage]:
        """As in Bag. Raises BagError at the end, which is where the file breaks off."""
        for _, topic, _, time, data in self._records():
            if topic in topics and (start is None or time >= start) and (stop is None or time < stop):
                yield RawMessage(topic, time, data)
        if stop is None or self.end < stop:
            seconds = (self.end - self.start) / 1e9
            raise BagError(f"{self._path} breaks off after {seconds:.1f} s: its recorder did not finish it")

    def _records(self) -> Iterator[tuple[tuple[str, str, str], str, str, int, bytes]]:
        """Yield schema, topic, QoS, time and data of all messages."""
        from mcap.reader import NonSeekingReader

        self._file.seek(0)
        try:
            reader = NonSeekingReader(self._file, validate_crcs=True)
            for schema, channel, message in reader.iter_messages(log_time_order=False):
                named = (schema.name, schema.data.decode(), schema.encoding) if schema else ("", "", "")
                qos = channel.metadata.get("offered_qos_profiles", "")
                yield named, channel.topic, qos, check_time(message.log_time), message.data
        except Exception:  # the end, somewhere in a record, or nonsense
            return
