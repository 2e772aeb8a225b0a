"""Which images of a bag are labelled."""

import dataclasses
from dataclasses import dataclass

_EARLY = 0.1  # of a period: an image may come that much before its time and is still taken


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Every n-th image, at most `rate` a second, between two times, and at most `limit`; of each camera.

    start and end are seconds from the bag's first message; 0 means no bound for rate, end and limit.
    """

    every: int = 1
    rate: float = 0.0
    start: float = 0.0
    end: float = 0.0
    limit: int = 0

    def bounds(self, first: int) -> tuple[int | None, int | None]:
        """Return start and end in nanoseconds for a bag whose first message is at `first`."""
        return (
            first + round(self.start * 1e9) if self.start else None,
            first + round(self.end * 1e9) if self.end else None,
        )

    def estimate(self, count: int, seconds: float) -> int:
        """Return about how many of a camera's images are taken; the bag has `count` in `seconds`."""
        if self.end or self.start:
            kept = max(min(self.end or seconds, seconds) - self.start, 0.0)
            count = round(count * kept / seconds) if seconds else count
            seconds = kept
        count = -(-count // self.every)
        if self.rate and seconds:
            count = min(count, round(self.rate * seconds))
        return min(count, self.limit) if self.limit else count

    def as_dict(self) -> dict[str, float]:
        """Return the values by name."""
        return dataclasses.asdict(self)


class Choice:
    """Chooses the images of one camera, in the order of their time."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._seen = self._taken = 0
        self._due: float | None = None  # nanoseconds

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return bool(self._selection.limit) and self._taken >= self._selection.limit

    def takes(self, time: int) -> bool:
        """Whether the image of this time, in nanoseconds, is labelled."""
        self._seen += 1
        if self.full or (self._seen - 1) % self._selection.every or not self._is_due(time):
            return False
        self._taken += 1
        return True

    def _is_due(self, time: int) -> bool:
        if not self._selection.rate:
            return True
        period = 1e9 / self._selection.rate
        if self._due is None or time > self._due + period:
            self._due = float(time)  # the first one, or the first one after a gap
        if time < self._due - _EARLY * period:
            return False
        self._due += period
        return True
