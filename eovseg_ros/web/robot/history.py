"""Rates and latencies of the last minutes."""

from collections import deque
from typing import NamedTuple

from eovseg_ros.msg import Status

MINUTES = 3.0
_MOST_SAMPLES = 1800  # at the greatest diagnostics_rate, 10 Hz


class Sample(NamedTuple):
    """Numbers of one camera; a latency is NaN without frames."""

    time: float  # of the status, seconds
    rate: float  # frames published, Hz
    latency: float  # median, milliseconds


class History:
    """Keeps the numbers of the last `MINUTES` of all statuses."""

    def __init__(self) -> None:
        self._statuses: deque[tuple[float, dict[str, tuple[float, float]]]] = deque(maxlen=_MOST_SAMPLES)

    def add(self, status: Status) -> None:
        """Keep the numbers of a status."""
        stamp = status.header.stamp.sec + status.header.stamp.nanosec / 1e9
        numbers = {camera.name: (camera.rate_out, camera.latency_p50) for camera in status.cameras}
        self._statuses.append((stamp, numbers))

    def samples(self, camera: str) -> list[Sample]:
        """Return the samples of a camera, the oldest first."""
        statuses = tuple(self._statuses)
        first = statuses[-1][0] - 60 * MINUTES if statuses else 0.0
        return [
            Sample(stamp, *numbers[camera])
            for stamp, numbers in statuses
            if stamp >= first and camera in numbers
        ]
