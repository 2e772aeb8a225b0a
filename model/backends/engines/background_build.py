"""One engine that is built while something else serves."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..names import BackendError

T = TypeVar("T")


@dataclass(frozen=True)
class BuildState(Generic[T]):
    """One moment of a build: neither a result nor an error while it goes on."""

    result: T | None
    error: str
    seconds: float  # that it has taken so far, or took


class BackgroundBuild(Generic[T]):
    """Runs build in a thread; the state has no result until it is ready, and never where it failed."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._started = time.monotonic()
        self._end: BuildState[T] | None = None  # replaced as a whole: other threads read it
        self._thread = threading.Thread(target=self._run, name="engine build", daemon=True)
        self._thread.start()

    @property
    def state(self) -> BuildState[T]:
        """How far it is."""
        return self._end or BuildState(None, "", self._seconds)

    def wait(self) -> None:
        """Until it is ready or has failed."""
        self._thread.join()

    def fail(self, error: Exception) -> None:
        """There is no result, or no longer one that works."""
        lines = str(error).strip().splitlines()
        reason = lines[0] if lines else "no reason given"
        text = reason if isinstance(error, BackendError) else f"{type(error).__name__}: {reason}"
        self._end = BuildState(None, text, self._end.seconds if self._end else self._seconds)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def _run(self) -> None:
        try:
            self._end = BuildState(self._build(), "", self._seconds)
        except Exception as error:  # whatever a compiler raises: torch serves on
            self.fail(error)
