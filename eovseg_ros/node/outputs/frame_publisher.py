"""The publishers of a camera; messages of a frame are created only for topics with subscribers."""

import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eovseg_ros.messages import (
    SegmentedFrame,
    array_to_image,
    panoptic_image,
    segments_message,
    semantic_image,
)
from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.node.outputs.space_publisher import SpacePublisher

_FRAMES = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class FramePublisher:
    """Publishes segmented frames on private topics; `prefix` is "front/" for ~/front/panoptic and others."""

    def __init__(
        self, node: LifecycleNode, *, prefix: str = "", overlay: bool, use_depth: bool = False
    ) -> None:
        self._node = node
        self._closed = False
        self._panoptic = node.create_publisher(Image, f"~/{prefix}panoptic", _FRAMES)
        self._semantic = node.create_publisher(Image, f"~/{prefix}semantic", _FRAMES)
        self._segments = node.create_publisher(PanopticSegmentation, f"~/{prefix}segments", _FRAMES)
        self._overlay = node.create_publisher(Image, f"~/{prefix}overlay", _FRAMES) if overlay else None
        self._space = SpacePublisher(node, prefix=prefix, use_depth=use_depth)

    @property
    def usable(self) -> bool:
        """Whether messages can be published: False after `close` or the shutdown of ROS."""
        return not self._closed and self._node.context.ok()

    @property
    def overlay_wanted(self) -> bool:
        """Whether the overlay has a subscriber."""
        return bool(self._overlay and self._overlay.get_subscription_count())

    def publish_frame(self, frame: SegmentedFrame, *, points_stride: int) -> None:
        """Publish a frame on all topics with subscribers, except the overlay."""
        if self._panoptic.get_subscription_count():
            self._panoptic.publish(panoptic_image(frame))
        if self._semantic.get_subscription_count():
            self._semantic.publish(semantic_image(frame))
        if self._segments.get_subscription_count():
            self._segments.publish(segments_message(frame))
        self._space.publish_frame(frame, points_stride=points_stride)

    def publish_overlay(self, picture: np.ndarray, header: Header) -> None:
        """Publish an (H, W, 3) uint8 RGB image as overlay."""
        assert self._overlay
        self._overlay.publish(array_to_image(picture, "rgb8", header))

    def close(self) -> None:
        """Destroy the publishers; `usable` is False before calls from other threads begin to fail."""
        self._closed = True
        self._space.close()
        publishers: tuple[Publisher | None, ...] = (
            self._panoptic,
            self._semantic,
            self._segments,
            self._overlay,
        )
        for publisher in publishers:
            if publisher:
                self._node.destroy_publisher(publisher)
