"""The start of ROS with the arguments of the command line; one line says what is wrong with them."""

import sys
from collections.abc import Sequence

import rclpy
from rclpy.logging import LoggingSeverity, get_logger_level, set_logger_level

from eovseg_ros.processes.argument_errors import ArgumentError, explain


def init_ros(words: Sequence[str] | None = None) -> None:
    """`rclpy.init`, on sys.argv by default; ArgumentError where an argument does not parse."""
    words = sys.argv[1:] if words is None else list(words)
    set_logger_level(
        "rcl", LoggingSeverity.FATAL
    )  # else it repeats in a line of its own that there is an error
    try:
        rclpy.init(args=words)
    except RuntimeError as error:  # of rclpy, for whatever rcl refuses
        raise ArgumentError(explain(error)) from None
    finally:
        if get_logger_level("rcl") == LoggingSeverity.FATAL:  # no --log-level rcl:=...
            set_logger_level("rcl", LoggingSeverity.UNSET)
