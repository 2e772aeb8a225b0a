"""The node's publishers; messages of a frame are created only for topics with subscribers."""

import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eovseg_ros.messages import (
    SegmentedFrame,
    array_to_image,
    label_info_message,
    label_info_type,
    panoptic_image,
    segments_message,
    semantic_image,
    vocabulary_message,
)
from eovseg_ros.msg import PanopticSegmentation, Vocabulary
from eovseg_ros.node.live_vocabulary import VocabularySnapshot

_FRAMES = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
_LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)


class FramePublisher:
    """Publishes segmented frames and vocabularies on the node's private topics."""

    def __init__(self, node: LifecycleNode, *, overlay: bool) -> None:
        self._node = node
        self._closed = False
        self._panoptic = node.create_publisher(Image, "~/panoptic", _FRAMES)
        self._semantic = node.create_publisher(Image, "~/semantic", _FRAMES)
        self._segments = node.create_publisher(PanopticSegmentation, "~/segments", _FRAMES)
        self._overlay = node.create_publisher(Image, "~/overlay", _FRAMES) if overlay else None
        self._vocabulary = node.create_publisher(Vocabulary, "~/vocabulary", _LATCHED)
        info_type = label_info_type()
        self._label_info = node.create_publisher(info_type, "~/label_info", _LATCHED) if info_type else None

    @property
    def usable(self) -> bool:
        """Whether messages can be published: False after `close` or the shutdown of ROS."""
        return not self._closed and self._node.context.ok()

    @property
    def overlay_wanted(self) -> bool:
        """Whether ~/overlay has a subscriber."""
        return bool(self._overlay and self._overlay.get_subscription_count())

    def publish_frame(self, frame: SegmentedFrame) -> None:
        """Publish a frame on all topics with subscribers, except the overlay."""
        if self._panoptic.get_subscription_count():
            self._panoptic.publish(panoptic_image(frame))
        if self._semantic.get_subscription_count():
            self._semantic.publish(semantic_image(frame))
        if self._segments.get_subscription_count():
            self._segments.publish(segments_message(frame))

    def publish_overlay(self, picture: np.ndarray, header: Header) -> None:
        """Publish an (H, W, 3) uint8 RGB image on ~/overlay."""
        assert self._overlay
        self._overlay.publish(array_to_image(picture, "rgb8", header))

    def publish_vocabulary(self, snapshot: VocabularySnapshot) -> None:
        """Publish the vocabulary that is live from now on, also for late subscribers."""
        stamp = self._node.get_clock().now().to_msg()
        self._vocabulary.publish(
            vocabulary_message(stamp, snapshot.version, snapshot.entries, snapshot.labels, snapshot.is_thing)
        )
        if self._label_info:
            self._label_info.publish(label_info_message(stamp, snapshot.labels))

    def close(self) -> None:
        """Destroy the publishers; `usable` is False before calls from other threads begin to fail."""
        self._closed = True
        publishers = (
            self._panoptic,
            self._semantic,
            self._segments,
            self._overlay,
            self._vocabulary,
            self._label_info,
        )
        for publisher in publishers:
            if publisher:
                self._node.destroy_publisher(publisher)
