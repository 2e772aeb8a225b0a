"""The images of a bag with the results that were written for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from eovseg_ros.bags.errors import BagError, BrokenMessage
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.message_types import decode_message
from eovseg_ros.bags.reading.bag import Bag, open_bag
from eovseg_ros.bags.reading.cameras import BagCamera
from eovseg_ros.bags.reading.images import BagImage, DepthSettings, read_images
from eovseg_ros.bags.writing.channels import camera_channels, vocabulary_channel
from eovseg_ros.messages import ImageError, image_to_array, image_to_rgb


@dataclass(frozen=True)
class LabelledImage:
    """A source image (H, W, 3) uint8 RGB, its panoptic image (H, W) uint16, and its segments as messages."""

    camera: str
    log_time: int
    stamp: int  # nanoseconds
    rgb: np.ndarray
    panoptic: np.ndarray
    segments: Sequence[Any]


@dataclass(frozen=True)
class _Result:
    """The results of an image as messages, not decoded."""

    log_time: int
    panoptic: bytes
    segments: bytes


def read_labelled_images(bag: Path, results: Path, settings: LabelSettings) -> Iterator[LabelledImage]:
    """Yield all images that have results, by the time of their recording. Raises BagError.

    The bag is read as for the labelling: results of other settings are not found.
    """
    plain = [BagCamera(camera.name, camera.image_topic) for camera in settings.cameras]
    with open_bag(bag) as source, open_bag(results) as labels:
        found = {camera.name: _results(labels, camera.name, settings) for camera in plain}
        waiting = {name: next(each, None) for name, each in found.items()}
        for image in read_images(source, plain, settings.selection, DepthSettings()):
            name = image.camera.name
            result = waiting[name]
            if result is None or result.log_time != image.log_time:
                continue  # it could not be read
            segments = decode_message(result.segments, "eovseg_ros/msg/PanopticSegmentation")
            rgb = _picture(image, segments.header, settings.max_pixels)
            if rgb is None:  # of two images that were recorded at once, it is the other
                continue
            waiting[name] = next(found[name], None)
            stamp = segments.header.stamp
            yield LabelledImage(
                camera=name,
                log_time=image.log_time,
                stamp=stamp.sec * 10**9 + stamp.nanosec,
                rgb=rgb,
                panoptic=_ids(result.panoptic, compressed=settings.compressed),
                segments=segments.segments,
            )
            if not any(waiting.values()):
                return  # the bag may break off after this


def read_vocabulary(results: Path) -> Any:
    """Return the eovseg_ros/Vocabulary message of a file of results, or None if it has no images."""
    channel = vocabulary_channel()
    with open_bag(results) as labels:
        for message in labels.messages([channel.topic]):
            return decode_message(message.data, channel.type_name)
    return None


def result_times(results: Path, camera: str, settings: LabelSettings) -> list[int]:
    """Return the times of the images of a camera that have results, nanoseconds."""
    topic = camera_channels(camera, compressed=settings.compressed).segments.topic
    with open_bag(results) as labels:
        return [message.log_time for message in labels.messages([topic])]


def _results(labels: Bag, camera: str, settings: LabelSettings) -> Iterator[_Result]:
    channels = camera_channels(camera, compressed=settings.compressed)
    panoptic = b""
    for message in labels.messages([channels.panoptic.topic, channels.segments.topic]):
        if message.topic == channels.panoptic.topic:
            panoptic = message.data
        else:
            yield _Result(message.log_time, panoptic, message.data)


def _picture(image: BagImage, header: Any, max_pixels: int) -> np.ndarray | None:
    """Return an image of a header, None for one of another header or one that cannot be read."""
    try:
        message = image.message
        return image_to_rgb(message, max_pixels=max_pixels) if message.header == header else None
    except (BrokenMessage, ImageError):
        return None


def _ids(data: bytes, *, compressed: bool) -> np.ndarray:
    if not compressed:
        return image_to_array(decode_message(data, "sensor_msgs/msg/Image"))
    png = decode_message(data, "sensor_msgs/msg/CompressedImage").data
    ids = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    if ids is None:
        raise BagError("a panoptic image of the results cannot be decoded: label the bag again")
    return ids
