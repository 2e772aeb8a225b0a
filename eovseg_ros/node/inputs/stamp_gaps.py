"""Estimates the number of lost images from gaps in the stamps of received ones."""

import numpy as np

_WINDOW = 30  # intervals between stamps per estimate
_LONGEST = 5_000_000_000  # nanoseconds; a longer interval is a pause of the camera or a jump of its clock
_PAUSE = 30  # periods; a longer interval is a pause of the camera
_MOST_MISSING = 8  # periods of the camera in the shortest interval that is considered
_TOLERANCE = 0.15  # periods by which an interval may differ from a whole number of periods
_OFTEN = 0.1  # share of the images
_STEADY_SHARE = 0.9  # of the intervals must be within the tolerance


class StampGaps:
    """Counts missing stamps of a camera with a steady rate; counts none for other cameras."""

    def __init__(self) -> None:
        self.lost = 0  # images so far
        self.share = 0.0  # of the images that were lost in the last window
        self.often_lost = False  # in the last two windows: one may hold a change of the camera's rate
        self._last: int | None = None  # nanoseconds
        self._intervals: list[int] = []

    def add(self, stamp: int) -> None:
        """Add the stamp, in nanoseconds, of a received image."""
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
    """Return the number of missing stamps; 0 unless the intervals are multiples of one period.

    The longest period that fits is used, so that a slower rate does not count as loss.
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
