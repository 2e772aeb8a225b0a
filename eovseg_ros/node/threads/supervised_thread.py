"""A thread that logs errors and continues."""

import contextlib
import threading
import time
import traceback
from collections.abc import Callable

from eovseg_ros.node.reporting.log_limit import LogLimit

_MOST_RESTARTS = 5  # in a row
_FIRST_PAUSE = 0.5  # seconds before the first restart; twice as long before each further one


class SupervisedThread:
    """Calls `turn` repeatedly until `stopping()`; after an error, it logs the error and starts again.

    The thread ends after five restarts without a successful turn. A turn that waits must return once
    `stopping()` is true.
    """

    def __init__(
        self,
        turn: Callable[[], None],
        *,
        name: str,
        stopping: Callable[[], bool],
        log_error: Callable[[str], object],
    ) -> None:
        self.error = ""  # what ended the thread, until a turn succeeds
        self._turn = turn
        self._name = name
        self._stopping = stopping
        self._log_error = log_error
        self._failures = LogLimit()
        self._joining = threading.Event()
        # A daemon, because the process must not wait for an inference, which cannot be interrupted.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the end, once `stopping()` is true; return False if the thread still runs after that."""
        self._joining.set()
        deadline = time.monotonic() + seconds
        while self._thread.is_alive() and (left := deadline - time.monotonic()) > 0:
            self._thread.join(min(left, 0.1))  # one long wait may miss a second Ctrl-C
        return not self._thread.is_alive()

    def _run(self) -> None:
        restarts = 0
        while not self._stopping():
            try:
                self._turn()
            except BaseException as error:  # SystemExit, too: only the node itself ends the node
                if restarts == _MOST_RESTARTS:
                    self._give_up(error)
                    return
                self._pause(error, _FIRST_PAUSE * 2**restarts)
                restarts += 1
            else:
                restarts, self.error = 0, ""

    def _pause(self, error: BaseException, seconds: float) -> None:
        reason = f"the thread '{self._name}' failed: {type(error).__name__}: {error}"
        self.error = reason
        with contextlib.suppress(Exception):  # a full memory, for example, must not end the thread here
            if self._failures.allows(reason):
                self._log_error(f"{reason}; it starts again\n{traceback.format_exc()}")
        self._joining.wait(seconds)

    def _give_up(self, error: BaseException) -> None:
        self.error = (
            f"the thread '{self._name}' failed {_MOST_RESTARTS + 1} times in a row and is not started again "
            f"(deactivate and activate the node to start it): {type(error).__name__}: {error}"
        )
        self._log_error(self.error)
