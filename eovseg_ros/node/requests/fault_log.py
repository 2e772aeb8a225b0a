"""Logging of unexpected exceptions, with traceback and rate limit."""

import traceback
from collections import defaultdict

from rclpy.impl.rcutils_logger import RcutilsLogger

from eovseg_ros.node.reporting.log_limit import LogLimit


class FaultLog:
    """Logs exceptions with their traceback, each type once per minute and place."""

    def __init__(self, logger: RcutilsLogger) -> None:
        self._logger = logger
        self._limits: defaultdict[str, LogLimit] = defaultdict(LogLimit)  # by place

    def report(self, place: str, error: BaseException) -> None:
        """Log that `error` was raised in `place`, such as "the service /eovseg/get_state"."""
        if self._limits[place].allows(type(error).__name__):
            text = "".join(traceback.format_exception(error))
            self._logger.error(f"unexpected error in {place}; the node goes on: {text}")
