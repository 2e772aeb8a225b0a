"""Numbers of pixels that true and predicted segments share."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class TrackedSegment(NamedTuple):
    """A segment of a frame: class, track, and whether it is a crowd region.

    A predicted segment of track 0 has no track: it is the same as no segment of any other frame.
    """

    class_id: int
    track_id: int
    is_crowd: bool = False


class FrameOverlaps(NamedTuple):
    """The true and the predicted segments of a frame, and their common pixels.

    pixels (T + 1, P + 1) int64: row t + 1 is true segment t, column p + 1 predicted segment p; row and column
    0 are void.
    """

    true: Sequence[TrackedSegment]
    predicted: Sequence[TrackedSegment]
    pixels: np.ndarray


def with_own_tracks(frames: Sequence[Sequence[TrackedSegment]]) -> list[list[TrackedSegment]]:
    """Give predicted segments of track 0 negative tracks, each a different one.

    Example:
        >>> with_own_tracks([[TrackedSegment(4, 0), TrackedSegment(4, 7)], [TrackedSegment(4, 0)]])[1]
        [TrackedSegment(class_id=4, track_id=-2, is_crowd=False)]
    """
    new_track = itertools.count(-1, -1)
    return [[s if s.track_id else s._replace(track_id=next(new_track)) for s in frame] for frame in frames]


def count_overlaps(
    true_map: np.ndarray, true_ids: Sequence[int], predicted_map: np.ndarray, predicted_ids: Sequence[int]
) -> np.ndarray:
    """Count the common pixels of two (H, W) id maps: (T + 1, P + 1) int64, row and column 0 are void.

    Ids that are not listed are void. Raises ValueError if the maps differ in shape.

    Example:
        >>> count_overlaps(np.array([[7, 7, 7, 0]]), [7], np.array([[5, 5, 0, 0]]), [5]).tolist()
        [[1, 0], [1, 2]]
    """
    if predicted_map.shape != true_map.shape:
        raise ValueError(
            f"maps differ in shape: prediction {predicted_map.shape}, ground truth {true_map.shape}"
        )
    rows, columns = _positions(true_map, true_ids), _positions(predicted_map, predicted_ids)
    shape = len(true_ids) + 1, len(predicted_ids) + 1
    counts = np.bincount((rows * shape[1] + columns).ravel(), minlength=shape[0] * shape[1])
    return counts.reshape(shape)


def overlap_iou(pixels: np.ndarray) -> np.ndarray:
    """Return the IoU (T, P) of every pair of segments, without pixels whose ground truth is void."""
    common = pixels[1:, 1:]
    union = pixels[1:].sum(axis=1)[:, None] + common.sum(axis=0) - common
    return common / np.maximum(union, 1)


def _positions(id_map: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    """Return the index + 1 of every pixel's id in ids, 0 for others."""
    table = np.zeros(max([int(id_map.max(initial=0)), *ids]) + 1, np.int64)
    table[list(ids)] = np.arange(1, len(ids) + 1)
    return table[id_map]
