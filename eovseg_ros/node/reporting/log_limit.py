"""Errors that come with every frame are logged now and then."""

import threading
import time

_ANY_PERIOD = 5.0  # seconds between two messages
_SAME_PERIOD = 60.0  # seconds before the same error is logged again


class LogLimit:
    """Allow an error to be logged once a minute, and all of them together once in five seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logged: dict[str, float] = {}  # moments of the last minute by error

    def allows(self, error: str) -> bool:
        """Whether to log this error now."""
        now = time.monotonic()
        with self._lock:
            self._logged = {known: t for known, t in self._logged.items() if now - t < _SAME_PERIOD}
            if error in self._logged or any(now - t < _ANY_PERIOD for t in self._logged.values()):
                return False
            self._logged[error] = now
            return True
