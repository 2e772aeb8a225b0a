"""The labelled images of a file of results, each with what is stored of its segments."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from eovseg_ros.bags.embeddings.embeddings_file import read_embeddings
from eovseg_ros.bags.embeddings.keeping import embeddings_path
from eovseg_ros.bags.embeddings.stored_frame import StoredFrame
from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.message_types import COMPRESSED_IMAGE, decode_message
from eovseg_ros.bags.reading.bag import open_bag
from eovseg_ros.bags.reading.files import RESULTS
from eovseg_ros.bags.writing.channels import camera_channels


class LabelledImage(NamedTuple):
    """An image of the results: panoptic (H, W) uint16, its segments as a message, and what is stored."""

    panoptic: np.ndarray
    segments: Any
    stored: StoredFrame


def results_with_embeddings(folder: Path) -> list[Path]:
    """Return the files of results in a folder that have embeddings beside them. Raises BagError for none."""
    if not folder.is_dir():
        raise BagError(f"{folder} is no folder; give the --out of a run of eovseg-bags label")
    found = [path for path in sorted(folder.glob(f"*{RESULTS}")) if embeddings_path(path).exists()]
    if not found:
        raise BagError(f"{folder} has no results with embeddings: label the bags with --keep-embeddings")
    return found


def read_labelled_images(results: Path, *, compressed: bool) -> Iterator[LabelledImage]:
    """Yield the images of a file of results in their order. Raises BagError if the two files do not fit."""
    frames = read_embeddings(embeddings_path(results))
    waiting: dict[str, deque[StoredFrame]] = {}
    with open_bag(results) as bag:
        cameras: dict[str, str] = {}  # topic -> camera
        panoptic_topics = set()
        for name in _cameras_of(results):
            channels = camera_channels(name, compressed=compressed)
            cameras |= {channels.panoptic.topic: name, channels.segments.topic: name}
            panoptic_topics.add(channels.panoptic.topic)
        maps: dict[str, np.ndarray] = {}
        for message in bag.messages(cameras):
            camera = cameras[message.topic]
            decoded = decode_message(message.data, bag.topics[message.topic].type_name)
            if message.topic in panoptic_topics:
                maps[camera] = _ids_of(decoded)
                continue
            queue = waiting.setdefault(camera, deque())
            while not queue:  # images of several cameras may be stored in another order than they are read
                frame = next(frames, None)
                if frame is None:
                    raise BagError(f"{embeddings_path(results)} has fewer images than {results.name}")
                waiting.setdefault(frame.camera, deque()).append(frame)
            if queue[0].log_time != message.log_time or camera not in maps:
                raise BagError(f"{embeddings_path(results)} and {results.name} are of different runs")
            yield LabelledImage(maps.pop(camera), decoded, queue.popleft())


def _cameras_of(results: Path) -> list[str]:
    frames = read_embeddings(embeddings_path(results))
    return sorted({frame.camera for frame in frames})


def _ids_of(message: Any) -> np.ndarray:
    if message.__msgtype__ == COMPRESSED_IMAGE:
        ids = cv2.imdecode(np.asarray(message.data), cv2.IMREAD_UNCHANGED)
        if ids is None:
            raise BagError("a panoptic image of the results is no PNG")
        return ids.astype(np.uint16)
    dtype = np.dtype(np.uint16).newbyteorder(">" if message.is_bigendian else "<")
    return np.frombuffer(message.data, dtype).reshape(message.height, message.width).astype(np.uint16)
