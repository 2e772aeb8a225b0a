"""A rosbag2 folder, or an .mcap or .db3 file."""

import heapq
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.reading.files import files_of, is_packed, unpack
from eovseg_ros.bags.reading.mcap_bag import McapBag, has_index
from eovseg_ros.bags.reading.records import RawMessage, Topic
from eovseg_ros.bags.reading.sqlite_bag import SqliteBag

_ZSTD = b"\x28\xb5\x2f\xfd"  # no message in CDR begins like this


class _File(Protocol):
    """A file of a recording."""

    topics: dict[str, Topic]
    start: int  # time of the first message, nanoseconds; 0 without messages
    end: int  # of the last one

    def messages(
        self, topics: Collection[str], start: int | None = None, stop: int | None = None
    ) -> Iterator[RawMessage]:
        """Yield the messages of some topics from start until before stop, by time. Raises BagError."""
        ...


class Bag(_File, Protocol):
    """An open recording."""

    def __enter__(self) -> "Bag": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_bag(path: Path) -> Bag:
    """Open a rosbag2 folder, or an .mcap or .db3 file; use it as a context manager.

    An .mcap file that its recorder did not finish is read as far as it goes. Raises BagError, OSError, and
    DiskFull if it cannot be unpacked.
    """
    with ExitStack() as stack:
        files = files_of(path)
        if any(is_packed(file) for file in files):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            plain = [unpack(file, folder) if is_packed(file) else file for file in files]
        else:
            plain = files
        bags = [_open_file(*each) for each in zip(plain, files, strict=True)]
        return _Files(path, bags, stack.pop_all())


def slow_to_open(path: Path) -> bool:
    """Whether `open_bag` unpacks or reads all of a bag. Raises BagError and OSError."""
    return any(
        is_packed(file) or (file.suffix.lower() == ".mcap" and not has_index(file)) for file in files_of(path)
    )


class _Files:
    """The files of a recording, which may overlap in time."""

    def __init__(self, path: Path, bags: list[_File], unpacked: ExitStack) -> None:
        self._path = path
        self._bags = bags
        self._unpacked = unpacked
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
        self._unpacked.close()

    def messages(
        self, topics: Collection[str], start: int | None = None, stop: int | None = None
    ) -> Iterator[RawMessage]:
        """As in Bag."""
        errors: list[BagError] = []
        count = 0

        def read(bag: _File) -> Iterator[tuple[int, RawMessage | None]]:
            yield bag.start, None  # for the order, without reading the file before its time
            try:
                for message in bag.messages(topics, start, stop):
                    yield message.log_time, message
            except BagError as error:  # the other files may be whole
                errors.append(error)

        for _, message in heapq.merge(*map(read, self._bags), key=lambda entry: entry[0]):
            count += message is not None
            if message and message.data[:4] == _ZSTD and self.topics[message.topic].serialization == "cdr":
                yield message._replace(data=_unpacked(message.data))
            elif message:
                yield message
        if errors:
            raise errors[0]
        expected = sum(topic.messages for name, topic in self.topics.items() if name in topics)
        if start is None and stop is None and count < expected:  # of a damaged index
            raise BagError(f"{self._path} is broken: {count} of its {expected} messages can be found")


def _open_file(path: Path, name: Path) -> _File:
    """Open a file that messages to the user call `name`."""
    return McapBag(path, name) if path.suffix.lower() == ".mcap" else SqliteBag(path, name)


def _unpacked(data: bytes) -> bytes:
    """Return a message that was compressed by itself; one that is broken as it is."""
    import zstandard

    try:
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except zstandard.ZstdError:
        return data
