"""Build an engine in a background thread."""

import dataclasses
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .error_text import error_text

T = TypeVar("T")


@dataclass(frozen=True)
class BuildState(Generic[T]):
    """Snapshot of a build; it has neither a result nor an error while it runs."""

    result: T | None
    error: str
    seconds: float  # duration so far, or of the completed build
    accepted: bool = False  # the result was checked and may be used


class BackgroundBuild(Generic[T]):
    """Run build in a thread; the state has no result until it completes, nor if it fails."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._started = time.monotonic()
        self._end: BuildState[T] | None = None  # replaced as a whole, because other threads read it
        self.checking = threading.Lock()  # held while the result is checked
        self._thread = threading.Thread(target=self._run, name="engine build", daemon=True)
        self._thread.start()

    @property
    def state(self) -> BuildState[T]:
        """State of the build."""
        return self._end or BuildState(None, "", self._seconds)

    def wait(self) -> None:
        """Wait until the build completes or fails."""
        self._thread.join()

    def fail(self, error: Exception) -> None:
        """Mark the build as failed, also after it has completed."""
        self._end = BuildState(None, error_text(error), self.state.seconds)

    def accept(self) -> None:
        """Mark the result as checked."""
        self._end = dataclasses.replace(self.state, accepted=True)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def _run(self) -> None:
        try:
            self._end = BuildState(self._build(), "", self._seconds)
        except Exception as error:  # compilers raise any exception; torch remains in use
            self.fail(error)
