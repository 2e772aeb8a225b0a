"""Build an engine in a background thread."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..names import BackendError

T = TypeVar("T")


@dataclass(frozen=True)
class BuildState(Generic[T]):
    """Snapshot of a build; it has neither a result nor an error while it runs."""

    result: T | None
    error: str
    seconds: float  # duration so far, or of the completed build


class BackgroundBuild(Generic[T]):
    """Run build in a thread; the state has no result until it completes, nor if it fails."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._started = time.monotonic()
        self._end: BuildState[T] | None = None  # replaced as a whole, because other threads read it
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
        lines = str(error).strip().splitlines()
        reason = lines[0] if lines else "no details"
        text = reason if isinstance(error, BackendError) else f"{type(error).__name__}: {reason}"
        self._end = BuildState(None, text, self._end.seconds if self._end else self._seconds)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def _run(self) -> None:
        try:
            self._end = BuildState(self._build(), "", self._seconds)
        except Exception as error:  # compilers raise any exception; torch remains in use
            self.fail(error)
