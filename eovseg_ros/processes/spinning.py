"""Running a node so that a signal ends it silently at any point."""

import contextlib
import sys
from collections.abc import Iterator

import rclpy
from rclpy.executors import ExternalShutdownException


@contextlib.contextmanager
def until_shutdown() -> Iterator[None]:
    """Leave the block at `shut_down` or KeyboardInterrupt; errors after the shutdown are ignored."""
    try:
        yield
    except (KeyboardInterrupt, ExternalShutdownException):
        _forget_interrupt()
    except Exception:
        if rclpy.ok():
            raise
        _forget_interrupt()


def shut_down() -> None:
    """End an `until_shutdown` block from another thread, before the process ends."""
    # A partly created executor or node reports errors when it is deleted.
    sys.unraisablehook = lambda _: None
    rclpy.try_shutdown()


def _forget_interrupt() -> None:
    """Let the process end with its own status.

    CPython records a KeyboardInterrupt that leaves an `exec` of text, as in some imports, and then ends the
    process by SIGINT even if it was caught; the next `exec` clears the record.
    """
    exec("")
