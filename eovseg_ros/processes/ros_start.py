"""Initialization of ROS with command-line arguments, with one-line errors."""

import contextlib
import sys
from collections.abc import Iterator, Sequence

import rclpy
from rclpy.context import Context
from rclpy.logging import LoggingSeverity, get_logger_level, set_logger_level
from rclpy.signals import SignalHandlerOptions

from eovseg_ros.processes.argument_errors import ArgumentError, explain


def init_ros(words: Sequence[str] | None = None) -> None:
    """Call `rclpy.init`, by default with sys.argv. Raises ArgumentError for an invalid argument.

    Installs no signal handlers: `Ending` handles signals.
    """
    words = sys.argv[1:] if words is None else list(words)
    with _explained():
        rclpy.init(args=words, signal_handler_options=SignalHandlerOptions.NO)


def check_ros_arguments(words: Sequence[str]) -> None:
    """Raise ArgumentError if `init_ros` would, without initializing ROS."""
    context = Context()
    with _explained():
        context.init(list(words), initialize_logging=False)
    context.shutdown()


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    set_logger_level("rcl", LoggingSeverity.FATAL)  # else rcl also logs the error
    try:
        yield
    except RuntimeError as error:  # rclpy raises it for all errors of rcl
        raise ArgumentError(explain(error)) from None
    finally:
        if get_logger_level("rcl") == LoggingSeverity.FATAL:  # no --log-level rcl:=...
            set_logger_level("rcl", LoggingSeverity.UNSET)
