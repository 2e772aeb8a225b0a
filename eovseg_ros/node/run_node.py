"""Running the node, from its arguments to its end."""

import contextlib
from collections.abc import Callable, Sequence

import rclpy
from rclpy.exceptions import InvalidHandle
from rclpy.logging import get_logger

from eovseg_ros.node.panoptic_node import PanopticNode
from eovseg_ros.node.parameters import NodeParameters, ParameterError
from eovseg_ros.node.predictor import Predictor, load_predictor
from eovseg_ros.node.requests.guarded_executor import GuardedExecutor
from eovseg_ros.node.startup.command_line import read_command_line
from eovseg_ros.processes import ArgumentError, Ending

_STOP_SECONDS = 1.2  # timeout for the threads; leaving the graph also takes some of Ending's 1.9 s


def run_node(
    ending: Ending, words: Sequence[str], load: Callable[[NodeParameters], Predictor] = load_predictor
) -> int:
    """Run the node until a signal arrives; return 1 if it cannot start."""
    ending.call(_wait_for_checks, say=get_logger("eovseg").info)
    try:
        node = PanopticNode(load, read_command_line(words))
    except (ArgumentError, ParameterError) as error:
        get_logger("eovseg").fatal(str(error))
        return 1
    except RuntimeError as error:  # rclpy's RCLError, for example if DDS security is on and cannot be used
        get_logger("eovseg").fatal(" ".join(str(error).partition(", at /")[0].split()))
        return 1
    try:
        return _spin(node, ending)
    finally:
        node.stop(_STOP_SECONDS)
        node.destroy_node()
        rclpy.try_shutdown()


def _spin(node: PanopticNode, ending: Ending) -> int:
    executor = GuardedExecutor(node, node.faults)
    wake = node.create_guard_condition(lambda: None)

    def stop_waiting() -> None:
        with contextlib.suppress(InvalidHandle):  # where this loop has seen the end by itself
            wake.trigger()

    ending.call(stop_waiting)
    start = executor.create_task(node.start) if node.parameters.autostart else None
    try:
        while not ending.asked:
            executor.spin_once()
            if start and start.done() and not start.result():
                return 1
        return 0
    finally:
        if start:
            start.cancel()  # else Python warns of a coroutine that never ran


def _wait_for_checks() -> None:
    """What runs looks at Ending.asked soon: the node must not be cut off while it joins the graph."""
