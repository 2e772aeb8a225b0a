"""An .mcap file as a recording, whether or not its recorder has finished it."""

import errno
import heapq
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.plain_text import reason_of
from eovseg_ros.bags.reading.mcap_index import MAGIC, may_have, read_chunk, read_index
from eovseg_ros.bags.reading.records import RawMessage, Topic, check_time, is_wanted

if TYPE_CHECKING:
    from mcap.records import Channel, Schema
    from mcap.summary import Summary


_Waiting = list[tuple[int, int, int, RawMessage]]  # log time, chunk, place in it, message


class McapBag:
    """Reads by the index if the file has one, and else from its begin to its end.

    Without an index, messages come in their order in the file, which is that of their recording.
    """

    def __init__(self, path: Path, name: Path | None = None) -> None:
        """Read topics and times; errors call the file `name`. Raises BagError for no MCAP, and OSError."""
        self._path, self._name = path, name or path
        self._finished = not _is_unfinished(path, self._name)
        self._index = read_index(path) if self._finished else None
        self.topics: dict[str, Topic] = {}
        self.start = self.end = 0
        if self._index:
            self._take_over(self._index)
        else:
            self._scan()

    def messages(
        self, topics: Collection[str], start: int | None = None, stop: int | None = None
    ) -> Iterator[RawMessage]:
        """As in Bag. An unfinished file raises BagError where it breaks off."""
        if self._index:
            yield from self._indexed(self._index, topics, start, stop)
        else:
            yield from self._in_order(topics, start, stop)

    def _take_over(self, index: "Summary") -> None:
        assert index.statistics
        for number, channel in sorted(index.channels.items()):
            count = index.statistics.channel_message_counts.get(number, 0)
            self._add(index.schemas.get(channel.schema_id), channel, count)
        if index.statistics.message_count:
            self.start, self.end = index.statistics.message_start_time, index.statistics.message_end_time

    def _scan(self) -> None:
        """Read topics and times of a file without an index; what is broken in it shows when it is read."""
        for found in self._records(broken=[]):
            schema, channel, message = found
            self._add(schema, channel, 1)
            self.start = min(self.start or message.log_time, message.log_time)
            self.end = max(self.end, message.log_time)

    def _add(self, schema: "Schema | None", channel: "Channel", count: int) -> None:
        known = self.topics.get(channel.topic)
        self.topics[channel.topic] = Topic(
            name=channel.topic,
            type_name=_type_name(schema.name) if schema else "",
            messages=count + (known.messages if known else 0),
            qos=channel.metadata.get("offered_qos_profiles", ""),
            definition=schema.data.decode(errors="surrogateescape") if schema else "",  # any bytes
            encoding=schema.encoding if schema else "",
            serialization=channel.message_encoding,
        )

    def _indexed(
        self, index: "Summary", topics: Collection[str], start: int | None, stop: int | None
    ) -> Iterator[RawMessage]:
        names = {i: channel.topic for i, channel in index.channels.items() if channel.topic in topics}
        waiting: _Waiting = []
        broken: Exception | None = None
        try:
            with self._path.open("rb") as file:
                for chunk in sorted(index.chunk_indexes, key=lambda chunk: chunk.message_start_time):
                    if not may_have(chunk, names, start, stop):
                        continue
                    while waiting and waiting[0][0] < chunk.message_start_time:
                        yield heapq.heappop(waiting)[-1]
                    for each in read_chunk(file, chunk, names):
                        if is_wanted(each[0], start, stop):
                            heapq.heappush(waiting, each)
        except Exception as error:  # of the libraries: any, as the bytes may be anything
            broken = _of_content(error)
        while waiting:
            yield heapq.heappop(waiting)[-1]
        if broken:
            raise BagError(f"{self._name} is broken: {reason_of(broken)}") from broken

    def _in_order(self, topics: Collection[str], start: int | None, stop: int | None) -> Iterator[RawMessage]:
        broken: list[Exception] = []
        for _, channel, message in self._records(broken):
            if channel.topic in topics and is_wanted(message.log_time, start, stop):
                yield RawMessage(channel.topic, message.log_time, message.data)
        if not self._finished and (stop is None or self.end < stop):
            seconds = (self.end - self.start) / 1e9
            raise BagError(f"{self._name} breaks off after {seconds:.1f} s: its recorder did not finish it")
        if self._finished and broken:
            raise BagError(f"{self._name} is broken: {reason_of(broken[0])}") from broken[0]

    def _records(self, broken: list[Exception]) -> Iterator[tuple["Schema | None", "Channel", Any]]:
        """Yield schema, channel and message until the end, or until an error, which is added to `broken`."""
        from mcap.reader import NonSeekingReader

        with self._path.open("rb") as file:
            try:
                reader = NonSeekingReader(file, validate_crcs=True)
                for found in reader.iter_messages(log_time_order=False):
                    check_time(found[2].log_time)
                    yield found
            except Exception as error:  # the end, somewhere in a record, or nonsense
                broken.append(_of_content(error))


def _is_unfinished(path: Path, name: Path) -> bool:
    """Whether a file is MCAP by its first bytes, but not by its last ones. Raises BagError for no MCAP."""
    with path.open("rb") as file:
        begin = file.read(len(MAGIC))
        if not begin:
            raise BagError(f"{name} is empty")
        if begin != MAGIC:
            raise BagError(f"{name} is no MCAP file: it does not begin like one")
        file.seek(-len(MAGIC), 2)
        return file.tell() == 0 or file.read() != MAGIC


def has_index(path: Path) -> bool:
    """Whether a file can be read by its index, and need not be read from its begin to its end."""
    return not _is_unfinished(path, path) and read_index(path) is not None


def _of_content(error: Exception) -> Exception:
    """Return an error of a file's content. Raises one of the disk or the network: the file may be fine."""
    if isinstance(error, OSError) and error.errno != errno.EINVAL:  # that is of a place that no file has
        raise error
    return error


def _type_name(name: str) -> str:
    """Return a type's full name; some recorders write sensor_msgs/Image."""
    package, _, rest = name.partition("/")
    return f"{package}/msg/{rest}" if rest and "/" not in rest else name
