"""The images of a soak test: recorded pictures in several sizes and encodings."""

import functools
import random
from typing import NamedTuple

import cv2
import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eovseg_model.simulation import Recording
from eovseg_ros.messages import array_to_image
from eovseg_ros.simulation import ROBOT_VIEW

SIZES = ((160, 120), (120, 160), (128, 128), (192, 108))  # width and height, pixels
_FROM_RGB = {
    "rgb8": None,
    "bgr8": cv2.COLOR_RGB2BGR,
    "rgba8": cv2.COLOR_RGB2RGBA,
    "bgra8": cv2.COLOR_RGB2BGRA,
    "mono8": cv2.COLOR_RGB2GRAY,
}
ENCODINGS = (*_FROM_RGB, "rgb16", "bayer_rggb8")
_PICTURES = 16  # of the recording, spread over it
_CHANGE = 0.02  # probability that size or encoding changes from one image to the next


class ImageFormat(NamedTuple):
    """Size in pixels and encoding."""

    size: tuple[int, int]  # width, height
    encoding: str


class SoakCamera:
    """Give recorded pictures one after the other, in a format that changes at random."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._recording = Recording(ROBOT_VIEW)
        self._format = ImageFormat(SIZES[0], ENCODINGS[0])
        self._next = 0

    def image(self, header: Header) -> Image:
        """Return the next picture under this header."""
        if self._chance.random() < _CHANGE:
            self._format = ImageFormat(self._chance.choice(SIZES), self._chance.choice(ENCODINGS))
        self._next = (self._next + 1) % _PICTURES
        return array_to_image(self._pixels(self._next, self._format), self._format.encoding, header)

    @functools.cache  # noqa: B019  # as many as there are formats
    def _pixels(self, number: int, form: ImageFormat) -> np.ndarray:
        rgb = self._recording.rgb(number * len(self._recording) // _PICTURES)
        rgb = cv2.resize(rgb, form.size, interpolation=cv2.INTER_AREA)
        if form.encoding == "rgb16":
            return rgb.astype(np.uint16) * 257
        if form.encoding == "bayer_rggb8":
            return mosaic_rggb(rgb)
        conversion = _FROM_RGB[form.encoding]
        return rgb if conversion is None else cv2.cvtColor(rgb, conversion)


def mosaic_rggb(rgb: np.ndarray) -> np.ndarray:
    """Keep one colour of each pixel of (H, W, 3) RGB: rows of red and green, then of green and blue."""
    mosaic = rgb[:, :, 1].copy()
    mosaic[::2, ::2] = rgb[::2, ::2, 0]
    mosaic[1::2, 1::2] = rgb[1::2, 1::2, 2]
    return mosaic
