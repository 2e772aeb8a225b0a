"""Publishes the node's status periodically, on ~/status for programs and /diagnostics for people."""

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from eovseg_ros.msg import Status
from eovseg_ros.node.reporting.diagnostics import diagnostic_message
from eovseg_ros.node.reporting.engine_watch import EngineWatch
from eovseg_ros.node.reporting.node_status import NodeStatus
from eovseg_ros.node.reporting.status_message import status_message

# A late subscriber gets the newest status at once.
STATUS_QOS = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)


class StatusPublisher:
    """Reads and publishes the status `rate` times per second, in every state of the node."""

    def __init__(self, node: LifecycleNode, *, read: Callable[[], NodeStatus], rate: float) -> None:
        self._node = node
        self._read = read
        self._engine_watch = EngineWatch(node.get_logger())
        self._status = node.create_publisher(Status, "~/status", STATUS_QOS)
        self._diagnostics = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # A steady clock: under use_sim_time without /clock, ROS time stands still.
        self._timer = node.create_timer(
            1 / rate, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def set_rate(self, rate: float) -> None:
        """Change the number of messages per second."""
        self._timer.timer_period_ns = int(1e9 / rate)

    def _publish(self) -> None:
        status = self._read()
        self._engine_watch.look(status.backend)
        stamp = self._node.get_clock().now().to_msg()
        name = self._node.get_fully_qualified_name()
        self._status.publish(status_message(stamp, status))
        self._diagnostics.publish(diagnostic_message(stamp, name, status))
