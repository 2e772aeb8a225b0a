"""The frame in which positions are given, by tf2."""

import numpy as np
from geometry_msgs.msg import Transform
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.node import Node
from std_msgs.msg import Header

from eovseg_ros.messages import SpaceError

_REMEDIES = {
    "LookupException": "publish the transform, or correct target_frame",
    "ConnectivityException": "publish the transform that connects both",
    "ExtrapolationException": "publish it earlier or more often, with the clock of the images",
}


class TargetFrame:
    """Listens to /tf and /tf_static on the node's executor; lookups take no time to wait.

    Raises ValueError where tf2_ros is not installed.
    """

    def __init__(self, node: Node, frame_id: str) -> None:
        try:
            import tf2_ros
        except ImportError as error:
            raise ValueError(
                f"target_frame needs tf2_ros ({error}): install ros-jazzy-tf2-ros-py, or leave "
                "target_frame empty"
            ) from error
        self.frame_id = frame_id.lstrip("/")
        self._error = tf2_ros.TransformException
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, node, spin_thread=False)
        # A buffer refuses transforms that are older than its own, as those of a simulation that starts again.
        self._jumps = node.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=Duration(seconds=-1)),
            post_callback=lambda jump: self._buffer.clear(),
        )

    def camera_in_target(self, header: Header) -> np.ndarray:
        """Return target_from_camera (4, 4) at the stamp of an image, or the newest one if that is 0.

        Raises SpaceError if it is not known by now; it is neither waited for nor extrapolated.
        """
        camera = header.frame_id.lstrip("/")
        try:
            found = self._buffer.lookup_transform(self.frame_id, camera, header.stamp)
        except self._error as error:
            remedy = _REMEDIES.get(
                type(error).__name__, "correct target_frame, or the frame_id of the images"
            )
            reason = str(error).strip(" .")
            raise SpaceError(
                f"no transform from '{camera}' to target_frame '{self.frame_id}': {reason}; {remedy}"
            ) from error
        return _matrix(found.transform)

    def close(self) -> None:
        """Destroy the subscriptions."""
        self._jumps.unregister()
        self._listener.unregister()


def _matrix(transform: Transform) -> np.ndarray:
    """Return the transform as (4, 4)."""
    q, t = transform.rotation, transform.translation
    w, x, y, z = np.array([q.w, q.x, q.y, q.z]) / np.linalg.norm([q.w, q.x, q.y, q.z])
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), t.x],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), t.y],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), t.z],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )
