"""Pairs images with the messages of another topic that are nearest in time, without waiting for any."""

import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from std_msgs.msg import Header

Message = TypeVar("Message")

KEPT = 8  # newest messages, for images that arrive after them


class Moment(NamedTuple):
    """Stamp of a message, 0 without one, and its arrival by the monotonic clock; nanoseconds."""

    stamp: int
    arrival: int


class Nearest(Generic[Message]):
    """The message nearest in time to an image, of those that have arrived so far.

    By stamps, or by arrival if one of the two has none. Of two at the same distance it is the earlier one,
    and of two with the same stamp the one that arrived later: after a restart, stamps repeat.
    """

    def __init__(self, image: Moment) -> None:
        self._image = image
        self._found: tuple[tuple[int, int], Message] | None = None  # (distance, time) and message

    @property
    def found(self) -> tuple[Message, float] | None:
        """The message and its distance in seconds; None if none has arrived."""
        found = self._found  # another thread may replace it
        return found and (found[1], found[0][0] / 1e9)

    def offer(self, moment: Moment, message: Message) -> None:
        """Take this message if none was nearer."""
        stamped = self._image.stamp != 0 and moment.stamp != 0
        moved = moment.stamp - self._image.stamp if stamped else moment.arrival - self._image.arrival
        rank = (abs(moved), moved)
        if self._found is None or rank <= self._found[0]:
            self._found = (rank, message)


class NearestInTime(Generic[Message]):
    """Keeps the newest messages of a topic, and offers later ones to the images that are still in use.

    clock gives the time of arrival in nanoseconds; None is the monotonic clock.
    `expect` and `add` must be called by one thread; any thread may use and drop a Nearest.
    """

    def __init__(self, clock: Callable[[], int] | None = None) -> None:
        self._clock = clock or (lambda: time.monotonic_ns())
        self._newest: deque[tuple[Moment, Message]] = deque(maxlen=KEPT)
        self._expected: list[weakref.ref[Nearest[Message]]] = []

    def expect(self, header: "Header") -> Nearest[Message]:
        """Return the nearest message of an image that arrives now; it follows until it is dropped."""
        nearest: Nearest[Message] = Nearest(self._moment(header))
        for moment, message in self._newest:
            nearest.offer(moment, message)
        self._expected = [*self._in_use(), weakref.ref(nearest)]
        return nearest

    def add(self, header: "Header", message: Message) -> None:
        """Add a message that arrives now."""
        moment = self._moment(header)
        self._newest.append((moment, message))
        self._expected = self._in_use()
        for reference in self._expected:
            if (nearest := reference()) is not None:
                nearest.offer(moment, message)

    def _in_use(self) -> list[weakref.ref[Nearest[Message]]]:
        return [reference for reference in self._expected if reference() is not None]

    def _moment(self, header: "Header") -> Moment:
        return Moment(header.stamp.sec * 10**9 + header.stamp.nanosec, self._clock())
