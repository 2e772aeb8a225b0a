"""The start of ROS with the arguments of the command line; one line says what is wrong with them."""

import contextlib
import sys
from collections.abc import Iterator, Sequence

import rclpy
from rclpy.context import Context
from rclpy.logging import LoggingSeverity, get_logger_level, set_logger_level
from rclpy.signals import SignalHandlerOptions

from eovseg_ros.processes.argument_errors import ArgumentError, explain


def init_ros(words: Sequence[str] | None = None) -> None:
    """`rclpy.init`, on sys.argv by default; ArgumentError where an argument does not parse.

    Signals are left alone: `Ending` is there for them.
    """
    words = sys.argv[1:] if words is None else list(words)
    with _explained():
        rclpy.init(args=words, signal_handler_options=SignalHandlerOptions.NO)


def check_ros_arguments(words: Sequence[str]) -> None:
    """ArgumentError where `init_ros` would raise it; nothing is started."""
    context = Context()
    with _explained():
        context.init(list(words), initialize_logging=False)
    context.shutdown()


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    set_logger_level("rcl", LoggingSeverity.FATAL)  # else it says in a line of its own that there is an error
    try:
        yield
    except RuntimeError as error:  # of rclpy, for whatever rcl refuses
        raise ArgumentError(explain(error)) from None
    finally:
        if get_logger_level("rcl") == LoggingSeverity.FATAL:  # no --log-level rcl:=...
            set_logger_level("rcl", LoggingSeverity.UNSET)
