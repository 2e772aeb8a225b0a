"""The order in which frames that are processed in parallel are published."""

import itertools
import threading


class PublishingOrder:
    """Turns follow the order of the tickets; every ticket that was drawn must be passed to `done`."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._tickets = itertools.count()
        self._turn = 0

    def draw(self) -> int:
        """Return the next ticket."""
        return next(self._tickets)

    def wait_for(self, ticket: int) -> None:
        """Wait until all tickets before this one are done."""
        with self._condition:
            self._condition.wait_for(lambda: self._turn == ticket)

    def done(self, ticket: int) -> None:
        """Wait for the ticket's turn and pass it on to the next ticket."""
        with self._condition:
            self._condition.wait_for(lambda: self._turn == ticket)
            self._turn += 1
            self._condition.notify_all()
