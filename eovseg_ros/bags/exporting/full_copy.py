"""One file with the messages of a bag and its results."""

import heapq
from collections.abc import Iterator
from pathlib import Path

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.reading.bag import open_bag
from eovseg_ros.bags.reading.records import RawMessage
from eovseg_ros.bags.writing.channels import Channel, source_channel
from eovseg_ros.bags.writing.mcap_file import McapFile
from eovseg_ros.bags.writing.metadata import RESULT, read_metadata

_ERROR = "copy_error"  # of the metadata


def write_full_copy(bag: Path, results: Path, target: Path) -> None:
    """Write all messages of both, by the time of their recording, to an .mcap file.

    Topics that both have are those of the results: the bag may have results of the live node.

    It appears when it is complete. Raises OSError, and BagError for a bag that breaks off, after a copy of
    what comes before.
    """
    part = target.with_name(f"{target.name}.part")
    errors: list[BagError] = []
    with open_bag(bag) as source, open_bag(results) as labels:
        channels: list[Channel] = []
        numbers: list[dict[str, int]] = []
        others = {name: topic for name, topic in source.topics.items() if name not in labels.topics}
        for topics in (others, labels.topics):
            numbers.append({name: len(channels) + i for i, name in enumerate(topics)})
            channels += [source_channel(topic) for topic in topics.values()]
        file = McapFile(part, channels)
        try:
            streams = [
                _numbered(i, each.messages(numbers[i]), errors) for i, each in enumerate((source, labels))
            ]
            for i, message in heapq.merge(*streams, key=lambda entry: entry[1].log_time):
                file.add(numbers[i][message.topic], message.log_time, message.data)
                if file.full:
                    file.end_chunk()
            error = f"{target.name} ends where the bag does: {errors[0]}" if errors else ""
            metadata = {**read_metadata(results), _ERROR: error}
            file.finish({RESULT: metadata, "rosbag2": {"ROS_DISTRO": "jazzy"}})
        finally:
            file.close()
    part.replace(target)
    if error:
        raise BagError(error)


def error_of_copy(target: Path) -> str:
    """Return why a file of `write_full_copy` ends early, empty if it does not."""
    return read_metadata(target).get(_ERROR, "")


def is_copy_of_other_results(target: Path, results: Path) -> bool:
    """Whether a file of `write_full_copy` was made from other results."""
    return read_metadata(target).get("fingerprint") != read_metadata(results).get("fingerprint")


def _numbered(
    number: int, messages: Iterator[RawMessage], errors: list[BagError]
) -> Iterator[tuple[int, RawMessage]]:
    """Yield all messages that can be read; the results of the last image come after it."""
    try:
        yield from ((number, message) for message in messages)
    except BagError as error:
        errors.append(error)
