"""Pictures of a topic as JPEG, encoded once for all browsers and only on demand."""

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np

from eovseg_ros.web.robot.latest import Numbered
from eovseg_ros.web.robot.watched_topic import WatchedTopic

LONGEST_SIDE = 1280  # pixels; larger pictures are reduced
_QUALITY = 85


class EncodedPicture(NamedTuple):
    """A JPEG file with the number and stamp of its message."""

    number: int
    stamp: float  # seconds
    jpeg: bytes


class Picture:
    """The newest picture of a topic; `to_rgb` makes an (H, W, 3) uint8 array of a message."""

    def __init__(self, topic: WatchedTopic[Any], to_rgb: Callable[[Any], np.ndarray]) -> None:
        self._topic = topic
        self._to_rgb = to_rgb
        self._lock = threading.Lock()  # of _encoded
        self._encoded: EncodedPicture | None = None

    async def after(self, number: int, seconds: float) -> Numbered[Any] | None:
        """Return the newest message once its number is greater than `number`; None after `seconds`."""
        self._topic.watch()
        return await self._topic.messages.after(number, seconds)

    def encode(self, message: Numbered[Any]) -> EncodedPicture:
        """Return the JPEG of a message, or of a newer one that is encoded already.

        Raises:
            ImageError: the message cannot be read.
        """
        with self._lock:
            if self._encoded is None or self._encoded.number < message.number:
                stamp = message.value.header.stamp
                self._encoded = EncodedPicture(
                    message.number, stamp.sec + stamp.nanosec / 1e9, encode_jpeg(self._to_rgb(message.value))
                )
            return self._encoded

    def read(self) -> tuple[np.ndarray, Any] | None:
        """Return the newest picture as RGB, and its message; None if there is none. Raises ImageError."""
        newest = self._topic.messages.newest
        return (self._to_rgb(newest.value), newest.value) if newest else None


def encode_jpeg(rgb: np.ndarray) -> bytes:
    """Return a JPEG file of an (H, W, 3) uint8 image, reduced to `LONGEST_SIDE`."""
    scale = LONGEST_SIDE / max(rgb.shape[:2])
    if scale < 1:
        size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes()
