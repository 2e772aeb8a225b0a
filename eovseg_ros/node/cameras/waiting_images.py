"""The newest image of every camera, and whose turn it is."""

import math
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass
class _Slot(Generic[Item]):
    item: Item | None = None
    since: float = 0.0  # when the camera began to wait, monotonic clock
    taken: float = -math.inf  # when an item was taken last
    replaced: int = 0


class WaitingImages(Generic[Item]):
    """Holds the newest item of each camera; the camera that has waited longest is served first.

    An item that is replaced before it was taken is counted. The camera keeps its place, then.
    """

    def __init__(self, cameras: Iterable[str]) -> None:
        self._condition = threading.Condition()
        self._slots: dict[str, _Slot[Item]] = {name: _Slot() for name in cameras}
        self._nudged = False
        self._closed = False

    def replaced(self, camera: str) -> int:
        """Number of items of a camera that were replaced before they were taken."""
        return self._slots[camera].replaced

    def put(self, camera: str, item: Item) -> None:
        """Store an item without blocking; nothing is stored after `close`."""
        with self._condition:
            if self._closed:
                return
            slot = self._slots[camera]
            if slot.item is None:
                slot.since = time.monotonic()
            else:
                slot.replaced += 1
            slot.item = item
            self._condition.notify()

    def take(self, *, most: int = 1, interval: float = 0.0) -> list[tuple[str, Item]]:
        """Wait for an item and remove up to `most`, of different cameras, that wait then.

        An item of a camera is taken at least `interval` seconds after the one before. After `nudge` or
        `close` the list is empty.
        """
        with self._condition:
            while not (self._nudged or self._closed):
                now = time.monotonic()
                waiting = [(name, slot) for name, slot in self._slots.items() if slot.item is not None]
                due = sorted(
                    (pair for pair in waiting if pair[1].taken + interval <= now),
                    key=lambda pair: pair[1].since,
                )
                if due:
                    return [(name, self._empty(slot, now)) for name, slot in due[:most]]
                soonest = min((slot.taken + interval - now for _, slot in waiting), default=None)
                self._condition.wait(soonest)
            self._nudged = False
            return []

    def nudge(self) -> None:
        """Make `take` return once, without items."""
        with self._condition:
            self._nudged = True
            self._condition.notify()

    def close(self) -> None:
        """Drop all items and make `take` return without any from now on."""
        with self._condition:
            self._closed = True
            for slot in self._slots.values():
                slot.item = None
            self._condition.notify()

    @staticmethod
    def _empty(slot: _Slot[Item], now: float) -> Item:
        item, slot.item, slot.taken = slot.item, None, now
        assert item is not None
        return item
