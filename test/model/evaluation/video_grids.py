"""Frames of video metrics as hand-drawn grids."""

from collections.abc import Mapping, Sequence

import numpy as np

from eovseg_model.evaluation.metrics.overlaps import FrameOverlaps, TrackedSegment, count_overlaps

Segments = Mapping[str, tuple]  # letter -> class, track and optionally whether it is a crowd


def draw(rows: Sequence[str]) -> np.ndarray:
    """An id map from letters; . is void."""
    return np.array([[0 if c == "." else ord(c) for c in row] for row in rows])


def frame(true: Sequence[str], truth: Segments, predicted: Sequence[str], found: Segments) -> FrameOverlaps:
    pixels = count_overlaps(draw(true), [ord(c) for c in truth], draw(predicted), [ord(c) for c in found])
    segments = [[TrackedSegment(*s) for s in side.values()] for side in (truth, found)]
    return FrameOverlaps(*segments, pixels)


def random_videos(seed: int, videos: int = 4, frames: int = 12) -> list[list[FrameOverlaps]]:
    """Videos (20, 24) of boxes that move; predictions are shifted, change ids and classes, or are missing.

    Classes 0 and 1 are things, 2 is stuff.
    """
    rng = np.random.default_rng(seed)
    return [_random_video(rng, frames) for _ in range(videos)]


def _random_video(rng: np.random.Generator, frames: int) -> list[FrameOverlaps]:
    count = int(rng.integers(2, 6))
    corners, sizes = rng.integers(0, 16, (count, 2)), rng.integers(3, 9, (count, 2))
    speeds, classes = rng.integers(-1, 2, (count, 2)), rng.integers(0, 3, count)
    ids, labels = np.arange(count) + 10, classes.copy()
    overlaps = []
    for t in range(frames):
        true, predicted = np.zeros((20, 24), np.int64), np.zeros((20, 24), np.int64)
        truth, found = {}, {}
        for i in range(count):
            if rng.random() < 0.15:
                ids[i] = rng.integers(10, 10 + count)  # a swap, or a double
            if rng.random() < 0.1:
                labels[i] = rng.integers(0, 3)
            y, x = corners[i] + t * speeds[i]
            shift = rng.integers(-1, 2, 2)
            for id_map, dy, dx in ((true, 0, 0), (predicted, *shift)):
                box = (
                    slice(max(y + dy, 0), max(y + dy + sizes[i, 0], 0)),
                    slice(max(x + dx, 0), max(x + dx + sizes[i, 1], 0)),
                )
                if id_map is true or rng.random() < 0.85:
                    id_map[box] = i + 1
        for i in range(count):
            if (true == i + 1).any():
                truth[i + 1] = TrackedSegment(int(classes[i]), i)
            track = int(ids[i])
            if (predicted == i + 1).any() and all(track != s.track_id for s in found.values()):
                found[i + 1] = TrackedSegment(int(labels[i]), track)
        pixels = count_overlaps(true, list(truth), predicted, list(found))
        overlaps.append(FrameOverlaps(list(truth.values()), list(found.values()), pixels))
    return overlaps
