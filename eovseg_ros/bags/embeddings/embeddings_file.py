"""A file of stored frames, which grows by blocks and can be continued after any of them."""

import io
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import zstandard

from eovseg_ros.bags.embeddings.stored_frame import StoredFrame
from eovseg_ros.bags.errors import BagError

_MAGIC = b"EOVSEG embeddings 1\n"
_HEAD = struct.Struct("<IIQ")  # length and CRC-32 of the block, number of images that are done
_HALF = np.finfo(np.float16)


class EmbeddingsFile:
    """Writes stored frames; `end_block` makes what was added lasting. Raises OSError if the disk is full.

    A block has the number of images of the bag that are done, so that it can be found again.
    """

    def __init__(self, path: Path, *, images: int = 0) -> None:
        """Create the file, or continue it after the block that ends at a number of images.

        Raises BagError if there is no such block.
        """
        self._frames: list[StoredFrame] = []
        if images:
            size = _end_of(path, images)
            self._file: BinaryIO = path.open("r+b")
            self._file.truncate(size)
            self._file.seek(size)
        else:
            self._file = path.open("wb")
            self._file.write(_MAGIC)

    def add(self, frame: StoredFrame) -> None:
        """Add a frame to the block."""
        self._frames.append(frame)

    def end_block(self, images: int) -> None:
        """Write the block to the disk."""
        block = zstandard.compress(_to_bytes(self._frames))
        self._file.write(_HEAD.pack(len(block), zlib.crc32(block), images) + block)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._frames = []

    def close(self) -> None:
        """Close the file; what was added since the last block is lost."""
        self._file.close()


def has_block(path: Path, images: int) -> bool:
    """Whether a file can be continued after a number of images; every file can be after 0."""
    try:
        return images == 0 or _end_of(path, images) > 0
    except (BagError, OSError):
        return False


def read_embeddings(path: Path) -> Iterator[StoredFrame]:
    """Yield the frames in the order in which they were added. Raises BagError for a broken file."""
    with path.open("rb") as file:
        for block, _ in _blocks(file, path):
            try:
                yield from _from_bytes(zstandard.decompress(block))
            except (zstandard.ZstdError, ValueError, KeyError, EOFError) as error:
                raise BagError(f"{path} is broken: {error}") from error


def _end_of(path: Path, images: int) -> int:
    with path.open("rb") as file:
        for _, done in _blocks(file, path):
            if done == images:
                return file.tell()
    raise BagError(f"{path} has no block that ends at image {images}")


def _blocks(file: BinaryIO, path: Path) -> Iterator[tuple[bytes, int]]:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise BagError(f"{path} is no file of embeddings, or one of another version of eovseg-bags")
    while head := file.read(_HEAD.size):
        if len(head) < _HEAD.size:
            raise BagError(f"{path} breaks off")
        length, checksum, images = _HEAD.unpack(head)
        block = file.read(length)
        if len(block) < length or zlib.crc32(block) != checksum:
            raise BagError(f"{path} breaks off, or has a broken block")
        yield block, images


def _to_bytes(frames: list[StoredFrame]) -> bytes:
    counts = [len(frame.ids) for frame in frames]
    arrays: dict[str, np.ndarray] = {
        "cameras": np.array([frame.camera for frame in frames], str),
        "times": np.array([(frame.log_time, frame.stamp) for frame in frames], np.int64).reshape(-1, 2),
        "sizes": np.array([frame.size for frame in frames], np.int32).reshape(-1, 2),
        "counts": np.array(counts, np.int32),
        "preview_sizes": np.array([len(frame.preview) for frame in frames], np.int32),
        "previews": np.frombuffer(b"".join(frame.preview for frame in frames), np.uint8),
    }
    shown = [frame for frame in frames if len(frame.ids)]
    if shown:
        arrays["ids"] = np.concatenate([frame.ids for frame in shown]).astype(np.uint16)
        arrays["track_ids"] = np.concatenate([frame.track_ids for frame in shown]).astype(np.uint32)
        arrays["boxes"] = np.concatenate([frame.boxes for frame in shown]).astype(np.int32)
        arrays["kernels"] = _rounded(np.concatenate([frame.kernels for frame in shown]))
        arrays["embeddings"] = _rounded(np.concatenate([frame.embeddings for frame in shown]))
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


def _from_bytes(data: bytes) -> Iterator[StoredFrame]:
    with np.load(io.BytesIO(data)) as loaded:
        arrays = dict(loaded)
    ends, preview_ends = np.cumsum(arrays["counts"]), np.cumsum(arrays["preview_sizes"])
    previews = arrays["previews"].tobytes()
    empty = np.zeros((0, 0), np.float32)
    for i, (end, count) in enumerate(zip(ends, arrays["counts"], strict=True)):
        rows = slice(end - count, end)
        yield StoredFrame(
            camera=str(arrays["cameras"][i]),
            log_time=int(arrays["times"][i, 0]),
            stamp=int(arrays["times"][i, 1]),
            size=(int(arrays["sizes"][i, 0]), int(arrays["sizes"][i, 1])),
            ids=arrays["ids"][rows].astype(int) if count else np.zeros(0, int),
            track_ids=arrays["track_ids"][rows].astype(int) if count else np.zeros(0, int),
            boxes=arrays["boxes"][rows].astype(int) if count else np.zeros((0, 4), int),
            kernels=arrays["kernels"][rows].astype(np.float32) if count else empty,
            embeddings=arrays["embeddings"][rows].astype(np.float32) if count else empty,
            preview=previews[preview_ends[i] - arrays["preview_sizes"][i] : preview_ends[i]],
        )


def _rounded(values: np.ndarray) -> np.ndarray:
    return values.clip(_HALF.min, _HALF.max).astype(np.float16)
