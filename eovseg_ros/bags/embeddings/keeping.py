"""Keeps the embeddings of a bag while it is labelled."""

from pathlib import Path

import numpy as np

from eovseg_model.inference import Region, SegmentFeatures
from eovseg_ros.bags.embeddings.embeddings_file import EmbeddingsFile, has_block
from eovseg_ros.bags.embeddings.stored_frame import StoredFrame, make_preview
from eovseg_ros.messages import SegmentedFrame

EMBEDDINGS = ".embeddings"


class KeptEmbeddings:
    """The file of embeddings beside the results `target`, or nothing at all if they are not wanted.

    As the results, the file has the suffix .part until it is complete.
    """

    def __init__(self, target: Path, *, wanted: bool, images: int) -> None:
        """Begin, or continue after a number of images. Raises BagError if `can_continue` is false."""
        self._path = embeddings_path(target)
        self._part = _part_of(self._path)
        self._file = EmbeddingsFile(self._part, images=images) if wanted else None

    def add(self, camera: str, log_time: int, frame: SegmentedFrame, features: SegmentFeatures) -> None:
        """Keep the segments of an image; features has a row for each of them."""
        if not self._file:
            return
        stamp = frame.header.stamp
        stored = StoredFrame(
            camera=camera,
            log_time=log_time,
            stamp=stamp.sec * 10**9 + stamp.nanosec,
            size=(frame.panoptic.shape[0], frame.panoptic.shape[1]),
            ids=np.array([segment.id for segment in frame.segments], int),
            track_ids=np.array([segment.track_id for segment in frame.segments], int),
            boxes=np.array([_box(frame.regions.get(s.id)) for s in frame.segments], int).reshape(-1, 4),
            kernels=features.kernels,
            embeddings=features.embeddings,
            preview=make_preview(frame.rgb),
        )
        self._file.add(stored)

    def end_block(self, images: int) -> None:
        """Make what was added lasting; images are done."""
        if self._file:
            self._file.end_block(images)

    def finish(self, images: int) -> None:
        """Complete the file, or remove one of a run before that is replaced."""
        if not self._file:
            self._path.unlink(missing_ok=True)
            return
        self._file.end_block(images)
        self._file.close()
        self._part.replace(self._path)

    def close(self) -> None:
        """Close the file without an end."""
        if self._file:
            self._file.close()


def embeddings_path(results: Path) -> Path:
    """Return the file of embeddings that belongs to a file of results.

    Example:
        >>> embeddings_path(Path("out/run1_labels.mcap")).name
        'run1_labels.embeddings'
    """
    return results.with_suffix(EMBEDDINGS)


def can_continue(target: Path, images: int) -> bool:
    """Whether the embeddings can be continued after a number of images."""
    path = embeddings_path(target)
    part = _part_of(path)
    if not part.exists() and path.exists():  # a run was killed between the two last steps
        path.replace(part)
    return has_block(part, images)


def _box(region: Region | None) -> tuple[int, int, int, int]:
    return (region.x, region.y, region.width, region.height) if region else (0, 0, 0, 0)


def _part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")
