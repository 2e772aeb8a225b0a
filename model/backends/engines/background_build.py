"""One engine that is built while something else serves."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from ..names import BackendError

T = TypeVar("T")


class BackgroundBuild(Generic[T]):
    """Runs build in a thread; result is None until it is ready, and for ever where it failed."""

    def __init__(self, build: Callable[[], T]) -> None:
        self.result: T | None = None
        self.error = ""
        self._build = build
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="engine build", daemon=True)
        self._thread.start()

    @property
    def building(self) -> bool:
        """Whether the end is still open."""
        return self.result is None and not self.error

    @property
    def state(self) -> str:
        """In words, for diagnostics."""
        if self.error:
            return f"failed, torch serves: {self.error}"
        if self.building:
            return f"building for {time.monotonic() - self._started:.0f} s, torch serves"
        return "ready"

    def wait(self) -> None:
        """Until it is ready or has failed."""
        self._thread.join()

    def fail(self, error: Exception) -> None:
        """There is no result, or no longer one that works."""
        lines = str(error).strip().splitlines()
        reason = lines[0] if lines else "no reason given"
        self.error = reason if isinstance(error, BackendError) else f"{type(error).__name__}: {reason}"
        self.result = None

    def _run(self) -> None:
        try:
            self.result = self._build()
        except Exception as error:  # whatever a compiler throws: torch serves on
            self.fail(error)
