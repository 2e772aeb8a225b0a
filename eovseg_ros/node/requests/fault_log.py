"""Unexpected exceptions in the log: with traceback, at a bounded rate."""

import time
import traceback

from rclpy.impl.rcutils_logger import RcutilsLogger

_PERIOD = 60.0  # seconds between two reports of one place


class FaultLog:
    """Logs an exception with its traceback, for each place at once and then at most once a minute."""

    def __init__(self, logger: RcutilsLogger) -> None:
        self._logger = logger
        self._next: dict[str, float] = {}  # by place, seconds of the steady clock

    def report(self, place: str, error: BaseException) -> None:
        """Log that `error` was raised in `place`, such as "the service /eovseg/get_state"."""
        now = time.monotonic()
        if now < self._next.get(place, now):
            return
        self._next[place] = now + _PERIOD
        text = "".join(traceback.format_exception(error))
        self._logger.error(f"unexpected error in {place}; the node goes on: {text}")
