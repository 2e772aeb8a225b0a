"""The publishers of objects in space and of detections."""

from rclpy.lifecycle import LifecycleNode
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import PointCloud2
from visualization_msgs.msg import MarkerArray

from eovseg_ros.messages import (
    SegmentedFrame,
    SegmentMarkers,
    detection_types,
    detections_3d_message,
    detections_message,
    points_message,
)

_FRAMES = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class SpacePublisher:
    """Publishes points, markers and 3-D detections of frames with depth, and 2-D detections of all frames.

    Detections only if vision_msgs is installed.
    """

    def __init__(self, node: LifecycleNode, *, prefix: str, use_depth: bool) -> None:
        self._node = node
        types = detection_types()
        self._detections = (
            node.create_publisher(types[0], f"~/{prefix}detections", _FRAMES) if types else None
        )
        self._points: Publisher | None = None
        self._markers: Publisher | None = None
        self._detections_3d: Publisher | None = None
        self._shown = SegmentMarkers()
        if use_depth:
            self._points = node.create_publisher(PointCloud2, f"~/{prefix}points", _FRAMES)
            self._markers = node.create_publisher(MarkerArray, f"~/{prefix}markers", _FRAMES)
            if types:
                self._detections_3d = node.create_publisher(types[1], f"~/{prefix}detections_3d", _FRAMES)

    def publish_frame(self, frame: SegmentedFrame, *, points_stride: int) -> None:
        """Publish a frame on all topics with subscribers."""
        if self._detections and self._detections.get_subscription_count():
            self._detections.publish(detections_message(frame))
        if frame.space is None:
            return
        if self._points and self._points.get_subscription_count():
            self._points.publish(points_message(frame, points_stride))
        if self._markers and self._markers.get_subscription_count():
            self._markers.publish(self._shown.message(frame))
        if self._detections_3d and self._detections_3d.get_subscription_count():
            self._detections_3d.publish(detections_3d_message(frame))

    def close(self) -> None:
        """Destroy the publishers."""
        for publisher in (self._detections, self._points, self._markers, self._detections_3d):
            if publisher:
                self._node.destroy_publisher(publisher)
