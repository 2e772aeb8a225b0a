"""Publishers of the live vocabulary."""

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from eovseg_ros.messages import label_info_message, label_info_type, vocabulary_message
from eovseg_ros.msg import Vocabulary
from eovseg_ros.node.live_vocabulary import VocabularySnapshot

_LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)


class VocabularyPublisher:
    """Publishes vocabularies on ~/vocabulary and, if vision_msgs is installed, ~/label_info."""

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._closed = False
        self._vocabulary = node.create_publisher(Vocabulary, "~/vocabulary", _LATCHED)
        info_type = label_info_type()
        self._label_info = node.create_publisher(info_type, "~/label_info", _LATCHED) if info_type else None

    def publish(self, snapshot: VocabularySnapshot) -> None:
        """Publish the vocabulary that is live from now on, also for late subscribers."""
        if self._closed or not self._node.context.ok():
            return
        stamp = self._node.get_clock().now().to_msg()
        self._vocabulary.publish(
            vocabulary_message(stamp, snapshot.version, snapshot.entries, snapshot.labels, snapshot.is_thing)
        )
        if self._label_info:
            self._label_info.publish(label_info_message(stamp, snapshot.labels))

    def close(self) -> None:
        """Destroy the publishers."""
        self._closed = True
        self._node.destroy_publisher(self._vocabulary)
        if self._label_info:
            self._node.destroy_publisher(self._label_info)
