"""The subscriptions to depth and camera_info, paired with the images of a camera."""

from collections.abc import Callable

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from eovseg_ros.node.inputs.paired_topic import PairedTopic
from eovseg_ros.node.space.depth_match import DepthMatch, SpaceSettings
from eovseg_ros.node.space.target_frame import TargetFrame

_CHECK_PERIOD = 0.5  # seconds
_QUEUE = 4  # depth images; the executor takes them in turn with images and other messages


class SpaceInput:
    """Subscribes to `depth` and `camera_info`, preceded by `prefix`: "front/" for the camera front."""

    def __init__(
        self,
        node: Node,
        *,
        prefix: str,
        tolerance: Callable[[], float],
        rectified: bool,
        target: TargetFrame | None,
    ) -> None:
        self._node = node
        self._depth = PairedTopic(node, Image, f"{prefix}depth", depth=_QUEUE, latched=False)
        self._camera_info = PairedTopic(node, CameraInfo, f"{prefix}camera_info", depth=1, latched=True)
        self._settings = SpaceSettings(
            depth=self._depth,
            camera_info=self._camera_info,
            tolerance=tolerance,
            rectified=rectified,
            target=target,
        )
        # A steady clock: under use_sim_time without /clock, ROS time stands still.
        self._timer = node.create_timer(
            _CHECK_PERIOD, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    @property
    def topic(self) -> str:
        """Resolved name of the depth topic."""
        return self._depth.topic

    def expect(self, header: Header) -> DepthMatch:
        """Return the depth of an image that arrives now; call it in the executor's thread."""
        depth, camera_info = self._depth.expect(header), self._camera_info.expect(header)
        return DepthMatch(header, depth, camera_info, self._settings)

    def close(self) -> None:
        """Destroy the subscriptions."""
        self._node.destroy_timer(self._timer)
        self._depth.close()
        self._camera_info.close()

    def _check(self) -> None:
        self._depth.check()
        self._camera_info.check()
