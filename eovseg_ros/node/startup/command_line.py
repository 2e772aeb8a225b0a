"""The node's command line: help, errors, initialization of ROS, and parameters."""

import logging
import re
import sys
from collections.abc import Sequence

from rclpy.logging import get_logger

from eovseg_ros.node.startup.help_text import help_text
from eovseg_ros.node.startup.ros_arguments import full_name, other_arguments
from eovseg_ros.node.startup.start_values import start_values, warnings_of_unknown_names
from eovseg_ros.processes import ArgumentError, init_ros


def read_command_line(words: Sequence[str] | None = None) -> dict[str, object]:
    """Initialize ROS with these words (default: sys.argv) and return the parameters that they set.

    Raises SystemExit after --help, and ArgumentError or ParameterError for an invalid word.
    """
    words = sys.argv[1:] if words is None else words
    others = other_arguments(words)
    if "-h" in others or "--help" in others:
        print(help_text())
        raise SystemExit(0)
    if others:
        hint = "-p threads:=2" if others[0] in ("-p", "--param") else "-r image:=/camera/image_raw"
        raise ArgumentError(
            f"unknown arguments {' '.join(others)!r}: ROS arguments must follow --ros-args, as in "
            f"`eovseg_node --ros-args {hint}`; see --help"
        )
    init_ros(words)
    name = full_name(words, "eovseg")
    if not re.fullmatch(r"(/[A-Za-z_]\w*)+", name, re.ASCII):  # rcl would refuse it when the node is created
        raise ArgumentError(
            f"{name!r} is not a valid node name: remap __ns to a namespace such as /robot/left"
        )
    model_log = logging.getLogger("eovseg_model")
    model_log.setLevel(logging.INFO)
    model_log.addHandler(_RosLog())
    for line in warnings_of_unknown_names(words):
        get_logger("eovseg").warning(line)
    return start_values(words)


class _RosLog(logging.Handler):
    """Shows messages of the model as the node's own."""

    def emit(self, record: logging.LogRecord) -> None:
        log = get_logger("eovseg")
        if record.levelno >= logging.ERROR:
            log.error(record.getMessage())
        elif record.levelno >= logging.WARNING:
            log.warning(record.getMessage())
        else:
            log.info(record.getMessage())
