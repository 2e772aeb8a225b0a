"""A warning if another node in the graph has the same name."""

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

_PERIOD = 1.0  # seconds
_CHECKS = 15  # enough for discovery on a busy network


class NameCheck:
    """Checks the names in the graph during the first seconds and warns once."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._left = _CHECKS
        # A steady clock: under use_sim_time without /clock, ROS time stands still.
        self._timer = node.create_timer(_PERIOD, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _check(self) -> None:
        own = (self._node.get_name(), self._node.get_namespace())
        count = self._node.get_node_names_and_namespaces().count(own)
        self._left -= 1
        if count > 1:
            name = self._node.get_fully_qualified_name()
            self._node.get_logger().warning(
                f"{count} nodes are named {name}: a request may reach any of them, and their topics mix; "
                "give one of them another name (--ros-args -r __node:=other_name)"
            )
        if count > 1 or not self._left:
            self._node.destroy_timer(self._timer)
