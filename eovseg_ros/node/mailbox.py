"""A one-slot, newest-wins mailbox between a fast producer and a slow consumer."""

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """Hold the newest item only; an item that nobody took in time is replaced and counted."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: Item | None = None
        self._replaced = 0
        self._nudged = False
        self._closed = False

    @property
    def replaced(self) -> int:
        """Number of items that a newer one replaced before anybody took them."""
        return self._replaced

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def occupied(self) -> bool:
        """Whether an item waits to be taken."""
        return self._item is not None

    def put(self, item: Item) -> None:
        """Leave `item`, never blocking; a closed mailbox forgets it."""
        with self._condition:
            if self._closed:
                return
            if self._item is not None:
                self._replaced += 1
            self._item = item
            self._condition.notify()

    def take(self) -> Item | None:
        """Wait for an item and empty the slot; None after `nudge` or `close`."""
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._nudged or self._closed)
            item, self._item = self._item, None
            self._nudged = False
            return item

    def pause(self, seconds: float) -> None:
        """Leave what comes in the slot for so long; `nudge` and `close` end the pause."""
        with self._condition:
            self._condition.wait_for(lambda: self._nudged or self._closed, timeout=seconds)
            self._nudged = False

    def nudge(self) -> None:
        """Let the consumer's `take` or `pause` return once, with or without an item."""
        with self._condition:
            self._nudged = True
            self._condition.notify()

    def close(self) -> None:
        """Drop what waits and let `take` return None from now on."""
        with self._condition:
            self._closed = True
            self._item = None
            self._condition.notify()
