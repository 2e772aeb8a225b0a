"""The cameras of a bag: their topics, and their names on the topics of results."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eovseg_ros.bags.errors import BagError, UsageError
from eovseg_ros.bags.message_types import CAMERA_INFO, COMPRESSED_IMAGE, IMAGE
from eovseg_ros.bags.reading.records import Topic

_IMAGES = (IMAGE, COMPRESSED_IMAGE)
_LAST_PARTS = re.compile(r"/(compressed|image(_\w+)?)$")
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)  # as ROS has it


@dataclass(frozen=True)
class BagCamera:
    """A camera to label; a single one has an empty name, as in the node."""

    name: str
    image_topic: str
    depth_topic: str = ""
    camera_info_topic: str = ""

    @property
    def topics(self) -> tuple[str, ...]:
        """All topics that it needs."""
        return tuple(filter(None, (self.image_topic, self.depth_topic, self.camera_info_topic)))


def parse_cameras(
    images: Sequence[str], depths: Sequence[str] = (), camera_infos: Sequence[str] = ()
) -> list[BagCamera]:
    """Return the cameras of image topics, each "TOPIC" or "NAME=TOPIC", with the depth topics in their order.

    A topic of camera_info is by default the one beside the image's. Raises UsageError.

    Example:
        >>> [camera.name for camera in parse_cameras(["/front/image_raw", "/rear/image_raw/compressed"])]
        ['front', 'rear']
        >>> parse_cameras(["/front/image_raw"], ["/front/depth"])[0].camera_info_topic
        '/front/camera_info'
    """
    if depths and len(depths) != len(images):
        raise UsageError(
            f"{len(images)} times --image-topic and {len(depths)} times --depth-topic: give one depth topic "
            "for each image topic, in the same order, or none"
        )
    if camera_infos and len(camera_infos) != len(depths):
        raise UsageError(
            f"{len(depths)} times --depth-topic and {len(camera_infos)} times --camera-info-topic: give one "
            "for each depth topic, in the same order, or none for camera_info beside the image topic"
        )
    if not all(text.rpartition("=")[2] for text in (*images, *depths, *camera_infos)):
        raise UsageError("a topic is empty: write it as in --image-topic /front/image_raw")
    cameras = []
    for i, text in enumerate(images):
        given, _, topic = text.rpartition("=")
        name = given or (_name_of(topic) if len(images) > 1 else "")
        if name and not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot name a camera: use letters, digits and _, as in --image-topic front={topic}"
            )
        depth = depths[i] if depths else ""
        info = (camera_infos[i] if camera_infos else f"{_folder(topic)}/camera_info") if depth else ""
        cameras.append(BagCamera(name, topic, depth, info))
    names = [camera.name for camera in cameras]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            f"two cameras are called {', '.join(repeated)}: name them, as in --image-topic front={images[0]}"
        )
    return cameras


def check_topics(cameras: Sequence[BagCamera], topics: Mapping[str, Topic]) -> None:
    """Raise BagError if a bag lacks a topic of a camera, or has it with another type."""
    if not topics:
        raise BagError("the bag has no messages: it is empty, or its recorder was ended before it wrote any")
    for camera in cameras:
        for topic, types in (
            (camera.image_topic, _IMAGES),
            (camera.depth_topic, (IMAGE,)),
            (camera.camera_info_topic, (CAMERA_INFO,)),
        ):
            if topic and topic not in topics:
                others = ", ".join(sorted(t.name for t in topics.values() if t.type_name in types)) or "none"
                raise BagError(f"no topic {topic}; topics of its type in the bag: {others}")
            if not topic:
                continue
            found = topics[topic]
            if found.type_name not in types:
                kind = f"a {found.type_name}" if found.type_name else "of no known type"
                raise BagError(f"{topic} is {kind}, not a {' or '.join(types)}")
            if found.serialization != "cdr":
                raise BagError(f"{topic} has messages in {found.serialization}, not in ROS 2's form, CDR")


def _folder(topic: str) -> str:
    """Return the namespace of a camera: "/front" of "/front/image_raw/compressed"."""
    while (shorter := _LAST_PARTS.sub("", topic)) != topic:
        topic = shorter
    return topic


def _name_of(topic: str) -> str:
    return re.sub(r"\W+", "_", _folder(topic), flags=re.ASCII).strip("_") or "camera"
