"""The log of TensorRT for RTX, kept for error messages."""

import contextlib
import functools
from collections.abc import Iterator
from types import ModuleType
from typing import Any


@functools.cache
def tensorrt_rtx_log(trt: ModuleType) -> Any:
    """Return the process's only logger of trt, the module tensorrt_rtx: it ignores all but the first one.

    Within `log.collecting()` its errors are kept, of all threads. They are not printed: who collects them
    reports them.
    """

    class ErrorLog(trt.ILogger):  # type: ignore[name-defined]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self._collections: list[list[str]] = []

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                for errors in self._collections:
                    errors.append(" ".join(message.split()))

        @contextlib.contextmanager
        def collecting(self) -> Iterator[list[str]]:
            errors: list[str] = []
            self._collections = [*self._collections, errors]
            try:
                yield errors
            finally:
                self._collections = [kept for kept in self._collections if kept is not errors]

    return ErrorLog()
