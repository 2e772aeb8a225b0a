"""Running a node so that Ctrl-C ends it quietly, wherever it strikes."""

import contextlib
from collections.abc import Iterator

import rclpy
from rclpy.executors import ExternalShutdownException


@contextlib.contextmanager
def until_shutdown() -> Iterator[None]:
    """Leave the block at SIGINT or SIGTERM; what fails in it as they took the context away is no error."""
    try:
        yield
    except (KeyboardInterrupt, ExternalShutdownException):
        _forget_interrupt()
    except Exception:
        if rclpy.ok():
            raise
        _forget_interrupt()


def _forget_interrupt() -> None:
    """Let the process end with its own status.

    CPython notes a KeyboardInterrupt that leaves an `exec` of text, as in many an import, and then ends the
    process by SIGINT though it was caught since; the next `exec` takes the note away.
    """
    exec("")
