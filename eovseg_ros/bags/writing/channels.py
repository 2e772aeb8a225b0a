"""Topics of an MCAP file as rosbag2 describes them."""

from typing import NamedTuple

from eovseg_ros.bags.message_types import (
    COMPRESSED_IMAGE,
    IMAGE,
    SEGMENTS,
    VOCABULARY,
    definition,
    type_hash,
    typestore,
)
from eovseg_ros.bags.reading.records import Topic

_NODE = "/eovseg"
_VOLATILE, _LATCHED = 2, 1
# Numbers instead of names: all releases read them. Times are rosbag2's infinity.
_QOS = """\
- history: 1
  depth: 1
  reliability: 1
  durability: {durability}
  deadline: {{sec: 9223372036, nsec: 854775807}}
  lifespan: {{sec: 9223372036, nsec: 854775807}}
  liveliness: 1
  liveliness_lease_duration: {{sec: 9223372036, nsec: 854775807}}
  avoid_ros_namespace_conventions: false"""


class Channel(NamedTuple):
    """A topic: its type, the definition of the type in an encoding, QoS as YAML, and the hash of the type.

    serialization is that of its messages.
    """

    topic: str
    type_name: str
    definition: str
    encoding: str
    qos: str
    type_hash: str = ""
    serialization: str = "cdr"


class CameraChannels(NamedTuple):
    """Results of a camera, as the node publishes them; images may be compressed."""

    panoptic: Channel
    semantic: Channel
    segments: Channel


def vocabulary_channel() -> Channel:
    """Return ~/vocabulary, latched."""
    return _own(f"{_NODE}/vocabulary", VOCABULARY, _LATCHED)


def camera_channels(camera: str, *, compressed: bool) -> CameraChannels:
    """Return the topics of a camera, which has no name if it is the only one."""
    prefix = f"{_NODE}/{camera}".rstrip("/")
    suffix, image = ("/compressed", COMPRESSED_IMAGE) if compressed else ("", IMAGE)
    return CameraChannels(
        panoptic=_own(f"{prefix}/panoptic{suffix}", image, _VOLATILE),
        semantic=_own(f"{prefix}/semantic{suffix}", image, _VOLATILE),
        segments=_own(f"{prefix}/segments", SEGMENTS, _VOLATILE),
    )


def source_channel(topic: Topic) -> Channel:
    """Return a topic of a bag as it is there; bags of older releases have no definitions."""
    if not topic.definition and topic.type_name in typestore().fielddefs:
        text = definition(topic.type_name)
        return Channel(topic.name, topic.type_name, text, "ros2msg", topic.qos, type_hash(topic.type_name))
    return Channel(
        topic.name,
        topic.type_name,
        topic.definition,
        topic.encoding,
        topic.qos,
        serialization=topic.serialization,
    )


def _own(topic: str, type_name: str, durability: int) -> Channel:
    qos = _QOS.format(durability=durability)
    return Channel(topic, type_name, definition(type_name), "ros2msg", qos, type_hash(type_name))
