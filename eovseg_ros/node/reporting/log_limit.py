"""Rate limit for errors that may occur on every frame."""

import threading
import time

_ANY_PERIOD = 5.0  # seconds between two messages
_SAME_PERIOD = 60.0  # seconds before the same error is logged again


class LogLimit:
    """Allows each error once per minute, and at most one error per five seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logged: dict[str, float] = {}  # times in the last minute, by error

    def allows(self, error: str) -> bool:
        """Whether to log this error now."""
        now = time.monotonic()
        with self._lock:
            self._logged = {known: t for known, t in self._logged.items() if now - t < _SAME_PERIOD}
            if error in self._logged or any(now - t < _ANY_PERIOD for t in self._logged.values()):
                return False
            self._logged[error] = now
            return True
