"""Images that did not arrive, estimated from the stamps of those that did."""

import numpy as np

_WINDOW = 30  # intervals between stamps that one estimate is made of
_LONGEST = 5_000_000_000  # nanoseconds; the camera paused or its clock jumped if an interval is longer
_PAUSE = 30  # periods; the camera rather paused than lost them
_MOST_MISSING = 8  # periods of the camera in the shortest interval that is considered
_TOLERANCE = 0.15  # periods that an interval may differ from a whole number of them
_OFTEN = 0.1  # share of the images
_STEADY_SHARE = 0.9  # of the intervals that have to be within it


class StampGaps:
    """Count what is missing in the stamps of a camera with a steady rate; other cameras lose nothing."""

    def __init__(self) -> None:
        self.lost = 0  # images so far
        self.share = 0.0  # of the images that were lost in the last window
        self.often_lost = False  # in the last two windows: one may hold a change of the camera's rate
        self._last: int | None = None  # nanoseconds
        self._intervals: list[int] = []

    def add(self, stamp: int) -> None:
        """Note the stamp, in nanoseconds, of an image that arrived."""
        interval = None if self._last is None else stamp - self._last
        self._last = stamp
        if interval is None:
            return
        if not 0 < interval < _LONGEST:
            self._intervals.clear()
            return
        self._intervals.append(interval)
        if len(self._intervals) == _WINDOW:
            missing = count_missing(self._intervals)
            self.lost += missing
            share = missing / (_WINDOW + missing)
            self.often_lost = min(share, self.share) >= _OFTEN
            self.share = share
            self._intervals.clear()


def count_missing(intervals: list[int]) -> int:
    """How many stamps are missing between these intervals; 0 unless all are multiples of one period.

    The longest period that fits is taken, so that a camera that only got slower has lost nothing.
    """
    values = np.array(intervals, float)
    shortest = np.sort(values)[len(values) // 10]
    for divisor in range(1, _MOST_MISSING + 1):
        periods = np.maximum(np.rint(values / (shortest / divisor)), 1)
        period = values.sum() / periods.sum()
        fits = np.abs(values / period - periods) <= _TOLERANCE
        if fits.mean() >= _STEADY_SHARE:
            return int((periods - 1)[periods <= _PAUSE].sum())
    return 0
