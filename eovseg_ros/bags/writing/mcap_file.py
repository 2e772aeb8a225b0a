"""An MCAP file that grows by whole chunks and can be continued after any of them."""

import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import Channel as ChannelRecord
from mcap.records import (
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)
from mcap.records import Message as MessageRecord
from mcap.stream_reader import StreamReader

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.plain_text import valid
from eovseg_ros.bags.writing.channels import Channel
from eovseg_ros.bags.writing.one_run import claim

_MAGIC = b"\x89MCAP0\r\n"
_LARGEST_CHUNK = 4 << 20  # bytes


class McapFile:
    """Writes messages of channels, which are numbered from 0; `end_chunk` makes what was added lasting.

    The bytes depend only on what is added between the ends of chunks. No other McapFile can have the file
    meanwhile, in any process. Raises OSError if the disk is full.
    """

    def __init__(self, path: Path, channels: Sequence[Channel], *, size: int = 0) -> None:
        """Create the file, or continue it after its first `size` bytes, which end with a chunk.

        Raises BagError if another McapFile has it.
        """
        self._file = _open_alone(path)
        self._file.truncate(size)
        self._chunks: list[ChunkIndex] = []
        self._counts: dict[int, int] = {}
        names = list(dict.fromkeys((channel.type_name, channel.definition) for channel in channels))
        encodings = {(c.type_name, c.definition): c.encoding for c in channels}
        self._schemas = [
            Schema(
                id=i + 1,
                name=name,
                encoding=encodings[name, text],
                data=text.encode(errors="surrogateescape"),
            )
            for i, (name, text) in enumerate(names)
        ]
        self._channels = [_record(i + 1, c, names.index(c[1:3]) + 1) for i, c in enumerate(channels)]
        if size:
            self._continue(size)
        else:
            self._file.write(_MAGIC + _bytes(Header(profile="ros2", library="eovseg_ros")))
        self._begin_chunk()

    @property
    def size(self) -> int:
        """Bytes of the whole chunks."""
        return self._file.tell()

    @property
    def full(self) -> bool:
        """Whether the chunk is large enough to be ended."""
        return self._builder.count >= _LARGEST_CHUNK

    def add(self, channel: int, time: int, data: bytes, sequence: int = 0) -> None:
        """Add a message that was recorded at a time in nanoseconds."""
        self._indices.setdefault(channel + 1, []).append((time, self._builder.count))
        message = MessageRecord(
            channel_id=channel + 1, log_time=time, publish_time=time, sequence=sequence, data=data
        )
        message.write(self._builder)

    def end_chunk(self) -> int:
        """Write what was added since the last chunk to the disk; return the size of the file."""
        if self._indices:
            data = self._builder.end()
            times = [time for records in self._indices.values() for time, _ in records]
            compressed = zstandard.compress(data)
            chunk = Chunk(
                compression="zstd",
                data=compressed,
                message_start_time=min(times),
                message_end_time=max(times),
                uncompressed_crc=zlib.crc32(data),
                uncompressed_size=len(data),
            )
            indices = [MessageIndex(channel_id=i, records=r) for i, r in self._indices.items()]
            place = self._file.tell()
            written, parts = _bytes(chunk), [_bytes(index) for index in indices]
            self._file.write(written + b"".join(parts))
            self._register(
                chunk, place, len(written), [(i, len(p)) for i, p in zip(indices, parts, strict=True)]
            )
            self._begin_chunk()
        self._file.flush()
        os.fsync(self._file.fileno())
        return self.size

    def finish(self, metadata: Mapping[str, Mapping[str, str]]) -> None:
        """Write named records of metadata and the indices, and close the file."""
        self.end_chunk()
        indices = []
        for name, values in metadata.items():
            values = {key: valid(value) for key, value in values.items()}
            record = _bytes(Metadata(name=name, metadata=values))
            indices.append(MetadataIndex(offset=self._file.tell(), length=len(record), name=name))
            self._file.write(record)
        self._file.write(_bytes(DataEnd(0)))
        start, offsets = self._file.tell(), []
        groups: list[tuple[Opcode, Sequence[McapRecord]]] = [
            (Opcode.SCHEMA, self._schemas),
            (Opcode.CHANNEL, self._channels),
            (Opcode.STATISTICS, [self._statistics(len(indices))]),
            (Opcode.CHUNK_INDEX, self._chunks),
            (Opcode.METADATA_INDEX, indices),
        ]
        for code, records in groups:
            group = self._file.tell()
            self._file.write(b"".join(map(_bytes, records)))
            if (length := self._file.tell() - group) > 0:
                offsets.append(SummaryOffset(group_opcode=code, group_start=group, group_length=length))
        end = self._file.tell()
        for offset in offsets:
            self._file.write(_bytes(offset))
        self._file.write(
            _bytes(Footer(summary_start=start, summary_offset_start=end, summary_crc=0)) + _MAGIC
        )
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def close(self) -> None:
        """Close the file without an end; what was added since the last chunk is lost."""
        self._file.close()

    def _begin_chunk(self) -> None:
        self._builder = RecordBuilder()
        self._indices: dict[int, list[tuple[int, int]]] = {}
        if not self._chunks:  # the first one holds all channels
            for record in (*self._schemas, *self._channels):
                record.write(self._builder)

    def _continue(self, size: int) -> None:
        """Cut the file and read the indices of its chunks."""
        self._file.seek(0)
        place = len(_MAGIC)
        chunk: tuple[Chunk, int, int] | None = None
        indices: list[tuple[MessageIndex, int]] = []
        for record in StreamReader(self._file, emit_chunks=True).records:
            length = len(_bytes(record))
            if isinstance(record, Chunk):
                if chunk:
                    self._register(*chunk, indices)
                chunk, indices = (record, place, length), []
            elif isinstance(record, MessageIndex):
                indices.append((record, length))
            place += length
            if place == size:
                break
        if chunk:
            self._register(*chunk, indices)
        self._file.seek(size)

    def _register(
        self, chunk: Chunk, place: int, length: int, indices: Sequence[tuple[MessageIndex, int]]
    ) -> None:
        offset, offsets = place + length, {}
        for index, size in indices:
            offsets[index.channel_id] = offset
            offset += size
            self._counts[index.channel_id] = self._counts.get(index.channel_id, 0) + len(index.records)
        self._chunks.append(
            ChunkIndex(
                message_start_time=chunk.message_start_time,
                message_end_time=chunk.message_end_time,
                chunk_start_offset=place,
                chunk_length=length,
                message_index_offsets=offsets,
                message_index_length=offset - place - length,
                compression=chunk.compression,
                compressed_size=len(chunk.data),
                uncompressed_size=chunk.uncompressed_size,
            )
        )

    def _statistics(self, metadata: int) -> Statistics:
        return Statistics(
            attachment_count=0,
            channel_count=len(self._channels),
            channel_message_counts=dict(sorted(self._counts.items())),
            chunk_count=len(self._chunks),
            message_count=sum(self._counts.values()),
            message_start_time=min((chunk.message_start_time for chunk in self._chunks), default=0),
            message_end_time=max((chunk.message_end_time for chunk in self._chunks), default=0),
            metadata_count=metadata,
            schema_count=len(self._schemas),
        )


def _open_alone(path: Path) -> BinaryIO:
    file = open(path, "r+b", opener=lambda name, flags: os.open(name, flags | os.O_CREAT, 0o666))
    try:
        claim(file, f"writing {path}")
    except BagError:
        file.close()
        raise
    return file


def _record(number: int, channel: Channel, schema: int) -> ChannelRecord:
    metadata = {"offered_qos_profiles": channel.qos, "topic_type_hash": channel.type_hash}
    return ChannelRecord(
        id=number,
        topic=channel.topic,
        message_encoding=channel.serialization,
        schema_id=schema,
        metadata={key: value for key, value in metadata.items() if value},
    )


def _bytes(record: McapRecord) -> bytes:
    builder = RecordBuilder()
    record.write(builder)
    return builder.end()
