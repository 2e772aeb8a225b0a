"""One camera of the node: its pictures, segments and outlines."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from eovseg_ros.messages import image_to_array, image_to_rgb
from eovseg_ros.msg import PanopticSegmentation, Segment, Vocabulary
from eovseg_ros.web.robot.label_colours import colour_labels
from eovseg_ros.web.robot.picture import Picture
from eovseg_ros.web.robot.segment_outline import Polygon, outline_of, segment_at
from eovseg_ros.web.robot.watched_topic import Source, WatchedTopic

KINDS = ("overlay", "camera", "labels")

# Best effort suits publishers of either kind, and none of them waits for it.
_NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
_KEPT_FRAMES = 8  # lists of segments, until the panoptic image with the same stamp comes


class FoundSegment(NamedTuple):
    """A segment and its outline; None and nothing for void."""

    segment: Segment | None
    outline: list[Polygon]


class CameraView:
    """What the node publishes of a camera; `prefix` is "front/" for ~/front/segments, or empty."""

    def __init__(
        self,
        node: Node,
        target: str,
        prefix: str,
        *,
        image_topic: Callable[[], str],
        vocabulary: Callable[[], Vocabulary | None],
    ) -> None:
        def topic(kind: type, name: str, keep: Callable[[Any], object] | None = None) -> WatchedTopic[Any]:
            source = Source(kind, f"{target}/{prefix}{name}", _NEWEST)
            return WatchedTopic(node, lambda: source, keep)

        def find_image() -> Source | None:
            name = image_topic()
            types = {end.topic_type for end in node.get_publishers_info_by_topic(name)} if name else set()
            kind = CompressedImage if "sensor_msgs/msg/CompressedImage" in types else Image
            return Source(kind, name, _NEWEST) if types else None

        self._node = node
        self._overlay_topic = f"{target}/{prefix}overlay"
        overlay, semantic = topic(Image, "overlay"), topic(Image, "semantic")
        image: WatchedTopic[Any] = WatchedTopic(node, find_image)
        self._segments = topic(PanopticSegmentation, "segments", self._keep)
        self._panoptic = topic(Image, "panoptic")
        self.topics = (overlay, image, semantic, self._segments, self._panoptic)
        self.pictures = {
            "overlay": Picture(overlay, image_to_rgb),
            "camera": Picture(image, image_to_rgb),
            "labels": Picture(semantic, lambda message: colour_labels(image_to_array(message), vocabulary())),
        }
        self._recent: OrderedDict[tuple[int, int], PanopticSegmentation] = OrderedDict()  # by stamp

    @property
    def offers_overlay(self) -> bool:
        """Whether the node has the topic ~/overlay; it has not if its parameter overlay is false."""
        return self._node.count_publishers(self._overlay_topic) > 0

    @property
    def segments(self) -> PanopticSegmentation | None:
        """The newest segments; None while there are none."""
        newest = self._segments.messages.newest
        return newest.value if newest else None

    def watch_segments(self) -> None:
        """Keep the segments coming for some seconds."""
        self._segments.watch()

    def segments_of(self, message: Any) -> PanopticSegmentation | None:
        """Return the segments with the stamp of a message, if they are kept."""
        return self._recent.get(_stamp(message))

    def find_segment(self, x: float, y: float) -> FoundSegment | None:
        """Return the segment at a place (0 to 1 across the image); None while segments are awaited."""
        matched = self._matched()
        if matched is None:
            return None
        segment = segment_at(*matched, x, y)
        return FoundSegment(segment, outline_of(matched[0], segment) if segment else [])

    def find_key(self, key: str) -> FoundSegment | None:
        """Return the segment with this `key_of`; None while segments are awaited."""
        matched = self._matched()
        if matched is None:
            return None
        segment = next((one for one in matched[1].segments if key_of(one) == key), None)
        return FoundSegment(segment, outline_of(matched[0], segment) if segment else [])

    def _matched(self) -> tuple[np.ndarray, PanopticSegmentation] | None:
        """Return the newest panoptic image and the segments with the same stamp."""
        self._segments.watch()
        self._panoptic.watch()
        newest = self._panoptic.messages.newest
        segments = self._recent.get(_stamp(newest.value)) if newest else None
        return (image_to_array(newest.value), segments) if newest and segments else None

    def _keep(self, message: PanopticSegmentation) -> None:
        self._recent[_stamp(message)] = message
        while len(self._recent) > _KEPT_FRAMES:
            self._recent.popitem(last=False)


def key_of(segment: Segment) -> str:
    """Return what identifies a segment in a table from frame to frame: its track, or its id."""
    return f"track {segment.track_id}" if segment.track_id else f"id {segment.id}"


def _stamp(message: Any) -> tuple[int, int]:
    return message.header.stamp.sec, message.header.stamp.nanosec
