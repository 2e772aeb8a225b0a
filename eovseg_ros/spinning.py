"""Spinning a node so that Ctrl-C ends it quietly, wherever it strikes."""

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node


def spin_until_shutdown(node: Node) -> None:
    """Serve callbacks until SIGINT or SIGTERM; a callback that lost its context to the signal is no error."""
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except rclpy_implementation.RCLError:
        if rclpy.ok():
            raise
