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
        pass
    except Exception:
        if rclpy.ok():
            raise
