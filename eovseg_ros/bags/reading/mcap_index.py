"""The index of an .mcap file, and what it leads to."""

import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from eovseg_ros.bags.reading.records import RawMessage, check_time

if TYPE_CHECKING:
    from mcap.records import ChunkIndex
    from mcap.summary import Summary

MAGIC = b"\x89MCAP0\r\n"
_FOOTER = 37  # bytes of the record and the magic after it
_RECORD = 9  # bytes of a record before its content


def read_index(path: Path) -> "Summary | None":
    """Return the summary of a finished file if it is whole and leads to all messages, else None."""
    from mcap.reader import make_reader

    try:
        with path.open("rb") as file:
            if path.stat().st_size < len(MAGIC) + _FOOTER:
                return None
            summary = make_reader(file).get_summary()
            return summary if summary and _is_whole(file) and _leads_to_all(summary) else None
    except Exception:  # of the library: any, as the bytes may be anything; a broken disk shows again
        return None


def may_have(chunk: "ChunkIndex", names: Collection[int], start: int | None, stop: int | None) -> bool:
    """Whether a chunk may have messages of channels between two times; not all have an index of their own."""
    own = chunk.message_index_offsets
    return (
        (not own or any(number in names for number in own))
        and (start is None or chunk.message_end_time >= start)
        and (stop is None or chunk.message_start_time < stop)
    )


def read_chunk(
    file: BinaryIO, chunk: "ChunkIndex", names: dict[int, str]
) -> Iterator[tuple[int, int, int, RawMessage]]:
    """Yield the messages of channels, each with its time and place."""
    from mcap.data_stream import ReadDataStream
    from mcap.records import Chunk, Message
    from mcap.stream_reader import breakup_chunk

    file.seek(chunk.chunk_start_offset + _RECORD)
    records = breakup_chunk(Chunk.read(ReadDataStream(file)), validate_crc=True)
    for place, record in enumerate(records):
        if isinstance(record, Message) and record.channel_id in names:
            time = check_time(record.log_time)
            yield (
                time,
                chunk.chunk_start_offset,
                place,
                RawMessage(names[record.channel_id], time, record.data),
            )


def _is_whole(file: BinaryIO) -> bool:
    """Whether the summary has the checksum that the footer names, if it names one."""
    file.seek(-_FOOTER, 2)
    end, footer = file.tell(), file.read(_FOOTER)
    start = int.from_bytes(footer[_RECORD : _RECORD + 8], "little")
    checksum = int.from_bytes(footer[_RECORD + 16 : _RECORD + 20], "little")
    file.seek(start)
    return not checksum or zlib.crc32(file.read(end - start) + footer[: _RECORD + 16]) == checksum


def _leads_to_all(summary: "Summary") -> bool:
    statistics, channels = summary.statistics, summary.channels
    return (
        statistics is not None
        and len(summary.chunk_indexes) == statistics.chunk_count
        and (statistics.chunk_count > 0 or statistics.message_count == 0)
        and all(number in channels for number in statistics.channel_message_counts)
        and all(not c.schema_id or c.schema_id in summary.schemas for c in channels.values())
    )
