"""Whose turn it is to publish, where several frames are worked on at the same time."""

import itertools
import threading


class PublishingOrder:
    """Turns come in the order in which tickets are drawn; whoever has drawn one has to be `done` with it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._tickets = itertools.count()
        self._turn = 0

    def draw(self) -> int:
        """Return the next ticket."""
        return next(self._tickets)

    def wait_for(self, ticket: int) -> None:
        """Wait until all tickets before this one are done with."""
        with self._condition:
            self._condition.wait_for(lambda: self._turn == ticket)

    def done(self, ticket: int) -> None:
        """Pass the turn on, after waiting for it where nobody did."""
        with self._condition:
            self._condition.wait_for(lambda: self._turn == ticket)
            self._turn += 1
            self._condition.notify_all()
