"""Encodings with separate planes for luma (Y) and chroma (U, V)."""

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from .errors import ImageError

if TYPE_CHECKING:
    from sensor_msgs.msg import Image


class PlanarEncoding(NamedTuple):
    """How the chroma below the luma is stored."""

    shared: bool  # True: 2x2 pixels share U and V (4:2:0); False: each has its own (4:4:4)
    colour_planes: int  # 1: interleaved U and V; 2: a plane of each, with half the step
    conversion: int  # OpenCV's, of 4:2:0 planes without padding


PLANAR_PICTURES = {
    "nv12": PlanarEncoding(True, 1, cv2.COLOR_YUV2RGB_NV12),
    "nv21": PlanarEncoding(True, 1, cv2.COLOR_YUV2RGB_NV21),
    "nv24": PlanarEncoding(False, 1, cv2.COLOR_YUV2RGB_UYVY),
    **{
        name: PlanarEncoding(True, 2, cv2.COLOR_YUV2RGB_I420)
        for name in ("i420", "iyuv", "yu12", "yuv420", "yuv420p")
    },
    "yv12": PlanarEncoding(True, 2, cv2.COLOR_YUV2RGB_YV12),
}


def planar_to_rgb(message: "Image", encoding: PlanarEncoding) -> np.ndarray:
    """Convert an image, whose `step` is that of its luma, to (H, W, 3) uint8 RGB.

    Raises:
        ImageError: the size, step or data of the message does not match its encoding.
    """
    width, height, step = message.width, message.height, message.step
    name = f"the {width}x{height} {message.encoding} image"
    if encoding.shared and (width % 2 or height % 2):
        raise ImageError(f"{name} has an odd size: its encoding stores 2x2 pixels together")
    if step < width:
        raise ImageError(f"{name} has step {step}, but a row of Y takes {width} bytes")
    if step % encoding.colour_planes:
        raise ImageError(f"{name} has the odd step {step}, but rows of U and V take half of it")
    needed = height * step * 3 // 2 if encoding.shared else height * step * 3
    if len(message.data) != needed:
        raise ImageError(f"{name} with step {step} needs {needed} bytes, but holds {len(message.data)}")
    data = np.frombuffer(message.data, np.uint8)
    brightness, colours = data[: height * step].reshape(height, step)[:, :width], data[height * step :]
    if not encoding.shared:
        pairs = colours.reshape(height, 2 * step)[:, : 2 * width].reshape(height, width, 2)
        return _full_to_rgb(brightness, pairs, encoding.conversion)
    if step > width:
        colours = colours.reshape(-1, step // encoding.colour_planes)[:, : width // encoding.colour_planes]
        data = np.concatenate([brightness.ravel(), colours.ravel()])
    return cv2.cvtColor(data.reshape(height * 3 // 2, width), encoding.conversion)


def _full_to_rgb(brightness: np.ndarray, pairs: np.ndarray, conversion: int) -> np.ndarray:
    """Convert 4:4:4 as UYVY, where two pixels share U and V, by doubling every pixel."""
    height, width = brightness.shape
    doubled = np.empty((height, width, 4), np.uint8)
    doubled[:, :, 0::2] = pairs
    doubled[:, :, 1::2] = brightness[:, :, None]
    rgb = cv2.cvtColor(doubled.reshape(height, 2 * width, 2), conversion)
    return np.ascontiguousarray(rgb[:, ::2])
