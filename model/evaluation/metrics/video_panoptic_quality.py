"""Video panoptic quality (VPQ; Kim et al. 2020), accumulated sequence by sequence."""

from collections.abc import Sequence

import numpy as np

from .overlaps import FrameOverlaps, TrackedSegment, with_own_tracks
from .panoptic_quality import PanopticQuality

WINDOWS = (1, 5, 10, 15)  # frames


class VideoPanopticQuality:
    """PQ of tubes: all pixels of a class and a track in a window of successive frames.

    Every window of a length in a sequence is judged as if it was one large image; a sequence that is shorter
    is one window. VPQ is the mean over the lengths; for a length of 1 it is PQ.
    """

    def __init__(self, is_thing: Sequence[bool], windows: Sequence[int] = WINDOWS) -> None:
        self._is_thing = is_thing
        self._qualities = {window: PanopticQuality(len(is_thing)) for window in windows}

    def add(self, frames: Sequence[FrameOverlaps]) -> None:
        """Add all frames of a sequence. Stuff is one tube per class, whatever its track ids are."""
        true, rows = self._tubes([frame.true for frame in frames])
        predicted, columns = self._tubes(with_own_tracks([frame.predicted for frame in frames]))
        pixels = np.zeros((len(frames) + 1, len(true) + 1, len(predicted) + 1), np.int64)
        for frame, row, column, counts in zip(frames, rows, columns, pixels[1:], strict=True):
            np.add.at(counts, (row[:, None], column), frame.pixels)
        until = pixels.cumsum(axis=0)
        for window, quality in self._qualities.items():
            length = min(window, len(frames))
            for counts in until[length:] - until[: len(until) - length]:
                t, p = (np.flatnonzero(counts[1:].any(axis=1)), np.flatnonzero(counts[:, 1:].any(axis=0)))
                shown = counts[np.ix_([0, *(t + 1)], [0, *(p + 1)])]
                quality.add(shown, [true[i] for i in t], [predicted[i] for i in p])

    def of_window(self, window: int) -> float:
        """Return the VPQ of windows of a length in percent; NaN without segments."""
        return self._qualities[window].mean().pq

    def result(self) -> float:
        """Return the mean over the windows' lengths in percent."""
        return float(np.mean([self.of_window(window) for window in self._qualities]))

    def _tubes(
        self, frames: Sequence[Sequence[TrackedSegment]]
    ) -> tuple[list[TrackedSegment], list[np.ndarray]]:
        """Return the tubes, and for every frame the number + 1 of each segment's tube, after 0 for void."""
        numbers: dict[TrackedSegment, int] = {}
        indices = []
        for segments in frames:
            tubes = [s if self._is_thing[s.class_id] else s._replace(track_id=0) for s in segments]
            indices.append(np.array([0, *(numbers.setdefault(t, len(numbers) + 1) for t in tubes)], np.int64))
        return list(numbers), indices
