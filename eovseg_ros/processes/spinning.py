"""Running a node so that a signal ends it quietly, wherever it strikes."""

import contextlib
import sys
from collections.abc import Iterator

import rclpy
from rclpy.executors import ExternalShutdownException


@contextlib.contextmanager
def until_shutdown() -> Iterator[None]:
    """Leave the block at `shut_down` or KeyboardInterrupt; what fails in it without a context is no error."""
    try:
        yield
    except (KeyboardInterrupt, ExternalShutdownException):
        _forget_interrupt()
    except Exception:
        if rclpy.ok():
            raise
        _forget_interrupt()


def shut_down() -> None:
    """End what runs `until_shutdown` from another thread, as the process ends."""
    # An executor or node that is half made complains as it is deleted.
    sys.unraisablehook = lambda _: None
    rclpy.try_shutdown()


def _forget_interrupt() -> None:
    """Let the process end with its own status.

    CPython notes a KeyboardInterrupt that leaves an `exec` of text, as in many an import, and then ends the
    process by SIGINT though it was caught since; the next `exec` takes the note away.
    """
    exec("")
