"""Counters and timings of frames, shared by several threads."""

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_WINDOW = 5.0  # seconds that rates and percentiles cover


class FrameTiming(NamedTuple):
    """Times of one frame, in seconds of the monotonic clock."""

    received: float
    taken: float
    model_started: float
    model_ended: float
    published: float


class _Drawing(NamedTuple):
    started: float
    ended: float


@dataclass(frozen=True)
class FrameReport:
    """Totals since the start; rates (Hz), percentiles and medians (ms, or NaN) of the last seconds."""

    received: int
    published: int
    bad: int
    failed: int
    drawn: int  # overlays
    with_depth: int  # published frames with space
    without_depth: int  # published frames without, though depth is used
    rate_in: float
    rate_out: float
    latency_p50_ms: float
    latency_p90_ms: float
    latency_p99_ms: float
    waiting_ms: float
    model_ms: float
    ros_path_ms: float  # received to published without the model's time and the overlay
    overlay_ms: float  # to draw one
    age: float  # seconds since the last image, or since the start


class FrameStatistics:
    """Counts frames. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start = self._last_received = time.monotonic()
        self._received = self._published = self._bad = self._failed = self._drawn = 0
        self._with_depth = self._without_depth = 0
        self._arrivals: deque[float] = deque()
        self._timings: deque[FrameTiming] = deque()
        self._drawings: deque[_Drawing] = deque()

    def count_received(self, moment: float) -> None:
        """Count an image that arrived."""
        with self._lock:
            self._received += 1
            self._last_received = moment
            self._arrivals.append(moment)
            _forget(self._arrivals, moment - _WINDOW)

    def count_published(self, timing: FrameTiming) -> None:
        """Count a frame whose results were published."""
        with self._lock:
            self._published += 1
            self._timings.append(timing)
            while self._timings[0].published < timing.published - _WINDOW:
                self._timings.popleft()

    def count_drawn(self, started: float, ended: float) -> None:
        """Count an overlay that was drawn."""
        with self._lock:
            self._drawn += 1
            self._drawings.append(_Drawing(started, ended))
            while self._drawings[0].ended < ended - _WINDOW:
                self._drawings.popleft()

    def count_bad(self) -> int:
        """Count an image that could not be read, and return their number so far."""
        with self._lock:
            self._bad += 1
            return self._bad

    def count_failed(self) -> int:
        """Count a frame on which the model or a publisher failed, and return their number so far."""
        with self._lock:
            self._failed += 1
            return self._failed

    def count_with_depth(self) -> None:
        """Count a frame with space."""
        with self._lock:
            self._with_depth += 1

    def count_without_depth(self) -> int:
        """Count a frame without space, and return their number so far."""
        with self._lock:
            self._without_depth += 1
            return self._without_depth

    def report(self) -> FrameReport:
        """Return totals, rates and percentiles."""
        with self._lock:
            now = time.monotonic()
            _forget(self._arrivals, now - _WINDOW)
            timings = [t for t in self._timings if t.published >= now - _WINDOW]
            span = min(_WINDOW, max(now - self._start, 1e-3))
            p50, p90, p99 = _percentiles([t.published - t.received for t in timings])
            return FrameReport(
                received=self._received,
                published=self._published,
                bad=self._bad,
                failed=self._failed,
                drawn=self._drawn,
                with_depth=self._with_depth,
                without_depth=self._without_depth,
                rate_in=len(self._arrivals) / span,
                rate_out=len(timings) / span,
                latency_p50_ms=p50,
                latency_p90_ms=p90,
                latency_p99_ms=p99,
                waiting_ms=_median([t.taken - t.received for t in timings]),
                model_ms=_median([t.model_ended - t.model_started for t in timings]),
                ros_path_ms=_median(
                    [t.published - t.received - (t.model_ended - t.model_started) for t in timings]
                ),
                overlay_ms=_median([d.ended - d.started for d in self._drawings if d.ended >= now - _WINDOW]),
                age=now - self._last_received,
            )


def _forget(moments: deque[float], before: float) -> None:
    while moments and moments[0] < before:
        moments.popleft()


def _percentiles(seconds: list[float]) -> tuple[float, float, float]:
    """Return the percentiles 50, 90 and 99 in ms, with linear interpolation."""
    if not seconds:
        return float("nan"), float("nan"), float("nan")
    p50, p90, p99 = (1000 * np.percentile(seconds, (50, 90, 99))).tolist()
    return p50, p90, p99


def _median(seconds: list[float]) -> float:
    return _percentiles(seconds)[0]
