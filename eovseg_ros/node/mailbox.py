"""A one-slot, newest-wins mailbox between a fast producer and a slow consumer."""

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """Holds the newest item; an item that is replaced before it was taken is counted."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: Item | None = None
        self._replaced = 0
        self._nudged = False
        self._closed = False

    @property
    def replaced(self) -> int:
        """Number of items that were replaced before they were taken."""
        return self._replaced

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def occupied(self) -> bool:
        """Whether there is an item to take."""
        return self._item is not None

    def put(self, item: Item) -> None:
        """Store `item` without blocking; a closed mailbox ignores it."""
        with self._condition:
            if self._closed:
                return
            if self._item is not None:
                self._replaced += 1
            self._item = item
            self._condition.notify()

    def take(self) -> Item | None:
        """Wait for an item and remove it; return None after `nudge` or `close`."""
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._nudged or self._closed)
            item, self._item = self._item, None
            self._nudged = False
            return item

    def nudge(self) -> None:
        """Make the consumer's `take` return once, with or without an item."""
        with self._condition:
            self._nudged = True
            self._condition.notify()

    def close(self) -> None:
        """Drop the item and make `take` return None from now on."""
        with self._condition:
            self._closed = True
            self._item = None
            self._condition.notify()
