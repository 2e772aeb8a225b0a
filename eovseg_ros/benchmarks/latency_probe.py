"""Collects what the node publishes during a benchmark."""

import time

import rclpy
from rclpy.node import Node
from sensor_msgs.msg import Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from eovseg_model.backends import BackendStatus, EngineStage
from eovseg_ros.messages import read_backend_status
from eovseg_ros.msg import CameraStatus, PanopticSegmentation, Status
from eovseg_ros.processes import ProgramFailure


class BackendFailure(ProgramFailure):
    """Raised if the requested backend cannot run; `title` is its name and precision."""

    def __init__(self, title: str, reason: str) -> None:
        super().__init__(f"{title} engine failed: {reason}")
        self.title = title
        self.reason = reason


class LatencyProbe:
    """Subscribes to all topics of a camera and records arrival and latency of every frame on its ~/segments.

    prefix is "front/" for the topics of the camera front.
    """

    def __init__(self, prefix: str = "", with_depth: bool = False) -> None:
        self._node = Node("latency_probe")
        self.arrivals: list[float] = []  # seconds, monotonic clock
        self.latencies: list[float] = []  # ms from the camera's stamp
        self.statuses: list[CameraStatus] = []  # of all cameras
        self.device = ""
        self.backend: BackendStatus | None = None  # the newest
        self._node.create_subscription(PanopticSegmentation, f"/eovseg/{prefix}segments", self._receive, 10)
        for name in ("panoptic", "semantic", "overlay"):
            self._node.create_subscription(Image, f"/eovseg/{prefix}{name}", _ignore, 1, raw=True)
        if with_depth:
            self._node.create_subscription(PointCloud2, f"/eovseg/{prefix}points", _ignore, 1, raw=True)
            self._node.create_subscription(MarkerArray, f"/eovseg/{prefix}markers", _ignore, 1, raw=True)
        self._node.create_subscription(Status, "/eovseg/status", self.keep_status, 10)

    @property
    def settled(self) -> bool:
        """Whether the requested backend runs. Raises BackendFailure if it cannot."""
        if self.backend is None:
            return False
        if self.backend.stage is EngineStage.FAILED:
            raise BackendFailure(self.backend.title, self.backend.error)
        return self.backend.stage not in (EngineStage.WAITING, EngineStage.BUILDING)

    def spin_for(self, seconds: float) -> None:
        """Receive messages for some time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            rclpy.spin_once(self._node, timeout_sec=0.1)

    def forget(self) -> None:
        """Delete all records."""
        self.arrivals.clear()
        self.latencies.clear()
        self.statuses.clear()

    def close(self) -> None:
        """Destroy the node."""
        self._node.destroy_node()

    def keep_status(self, status: Status) -> None:
        """Record a status of the node."""
        self.statuses += status.cameras
        self.device = status.device
        self.backend = read_backend_status(status)

    def _receive(self, message: PanopticSegmentation) -> None:
        now = self._node.get_clock().now().nanoseconds
        stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        self.arrivals.append(time.monotonic())
        self.latencies.append((now - stamp) / 1e6)


def _ignore(message: bytes) -> None:
    pass
