"""A rosbag2 folder, or an .mcap or .db3 file."""

import heapq
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.reading.records import RawMessage, Topic, check_time
from eovseg_ros.bags.reading.unfinished_mcap import UnfinishedMcap, is_unfinished


class Bag(Protocol):
    """An open recording."""

    topics: dict[str, Topic]
    start: int  # time of the first message, nanoseconds; 0 without messages
    end: int  # of the last one

    def messages(
        self, topics: Collection[str], start: int | None = None, stop: int | None = None
    ) -> Iterator[RawMessage]:
        """Yield the messages of some topics from start until before stop, by time. Raises BagError."""
        ...

    def __enter__(self) -> "Bag": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_bag(path: Path) -> Bag:
    """Open a rosbag2 folder, or an .mcap or .db3 file; use it as a context manager. Raises BagError.

    An .mcap file that its recorder did not finish, and a folder of such a file, is read as far as it goes.
    """
    if not path.exists():
        raise BagError(f"{path} does not exist")
    files = [path]
    if path.is_dir() and not (path / "metadata.yaml").exists():
        files = sorted(file for suffix in ("*.mcap", "*.db3") for file in path.glob(suffix))
        if not files:
            raise BagError(f"{path} has neither metadata.yaml nor .mcap or .db3 files; it is no bag")
    bags: list[Bag] = [UnfinishedMcap(file) if is_unfinished(file) else _FinishedBag(file) for file in files]
    return bags[0] if len(bags) == 1 else _Files(bags)


def slow_to_open(path: Path) -> bool:
    """Whether `open_bag` unpacks or reads all of a bag."""
    if not path.is_dir():
        return is_unfinished(path)
    metadata = path / "metadata.yaml"
    if not metadata.exists():
        return any(is_unfinished(file) for file in path.glob("*.mcap"))
    return bool(
        re.search(r"^\s*compression_mode:\s*\W?FILE", metadata.read_text(errors="replace"), re.I | re.M)
    )


class _FinishedBag:
    """A bag that rosbags reads."""

    def __init__(self, path: Path) -> None:
        from rosbags.rosbag2 import Reader

        self._path = path
        try:
            self._reader = Reader(path)
            self._reader.open()
            self._take_over()
        except Exception as error:  # of rosbags, SQLite, zstd and YAML, and what a broken index leads to
            raise BagError(f"cannot read {path}: {_reason(error)}") from error

    def _take_over(self) -> None:
        """Read topics and times from the metadata."""
        from rosbags.rosbag2.metadata import dump_qos_v8

        self.topics: dict[str, Topic] = {}
        for connection in self._reader.connections:
            own = getattr(connection.ext, "offered_qos_profiles", [])
            known = self.topics.get(connection.topic)
            self.topics[connection.topic] = Topic(
                name=connection.topic,
                type_name=connection.msgtype,
                messages=connection.msgcount + (known.messages if known else 0),
                qos=dump_qos_v8(own),
                definition=connection.msgdef.data,
                encoding="ros2idl" if connection.msgdef.format.name == "IDL" else "ros2msg",
            )
        empty = not self._reader.message_count
        self.start, self.end = (0, 0) if empty else (self._reader.start_time, self._reader.end_time - 1)

    def __enter__(self) -> "_FinishedBag":
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.close()

    def messages(
        self, topics: Collection[str], start: int | None = None, stop: int | None = None
    ) -> Iterator[RawMessage]:
        """As in Bag."""
        wanted = [connection for connection in self._reader.connections if connection.topic in topics]
        if not wanted:  # for rosbags, none means all
            return
        try:
            for connection, time, data in self._reader.messages(wanted, start=start, stop=stop):
                yield RawMessage(connection.topic, check_time(time), data)
        except OSError:  # of the disk or the network; the bag may be fine
            raise
        except Exception as error:
            raise BagError(f"{self._path} is broken: {_reason(error)}") from error


class _Files:
    """The files of a folder without metadata, whose recorder was killed."""

    def __init__(self, bags: list[Bag]) -> None:
        self._bags = bags
        self.topics: dict[str, Topic] = {}
        for bag in bags:
            for name, topic in bag.topics.items():
                known = self.topics.get(name)
                self.topics[name] = topic._replace(messages=topic.messages + (known.messages if known else 0))
        self.start = min((bag.start for bag in bags if bag.start), default=0)
        self.end = max(bag.end for bag in bags)

    def __enter__(self) -> "_Files":
        return self

    def __exit__(self, *error: object) -> None:
        for bag in self._bags:
            bag.__exit__(None, None, None)

    def messages(
        self, topics: Collection[str], start: int | None = None, stop: int | None = None
    ) -> Iterator[RawMessage]:
        """As in Bag."""
        parts = (bag.messages(topics, start, stop) for bag in self._bags)
        yield from heapq.merge(*parts, key=lambda message: message.log_time)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()) or 'no reason given'}"
