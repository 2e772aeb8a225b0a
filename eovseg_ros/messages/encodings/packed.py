"""Encodings with interleaved channels."""

import re
from typing import NamedTuple

import cv2
import numpy as np

from .errors import ImageError


class PackedEncoding(NamedTuple):
    """Type and number of channels, and the conversion to RGB."""

    dtype: str
    channels: int
    to_rgb: int | None  # OpenCV's colour conversion; None: RGB already, or measurements


_BAYER = {
    "rggb": cv2.COLOR_BayerRGGB2RGB,
    "bggr": cv2.COLOR_BayerBGGR2RGB,
    "gbrg": cv2.COLOR_BayerGBRG2RGB,
    "grbg": cv2.COLOR_BayerGRBG2RGB,
}
PACKED_PICTURES = {
    "rgb8": PackedEncoding("u1", 3, None),
    "bgr8": PackedEncoding("u1", 3, cv2.COLOR_BGR2RGB),
    "rgba8": PackedEncoding("u1", 4, cv2.COLOR_RGBA2RGB),
    "bgra8": PackedEncoding("u1", 4, cv2.COLOR_BGRA2RGB),
    "mono8": PackedEncoding("u1", 1, cv2.COLOR_GRAY2RGB),
    "rgb16": PackedEncoding("u2", 3, None),
    "bgr16": PackedEncoding("u2", 3, cv2.COLOR_BGR2RGB),
    "rgba16": PackedEncoding("u2", 4, cv2.COLOR_RGBA2RGB),
    "bgra16": PackedEncoding("u2", 4, cv2.COLOR_BGRA2RGB),
    "mono16": PackedEncoding("u2", 1, cv2.COLOR_GRAY2RGB),
    "yuv422": PackedEncoding("u1", 2, cv2.COLOR_YUV2RGB_UYVY),
    "uyvy": PackedEncoding("u1", 2, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422_yuy2": PackedEncoding("u1", 2, cv2.COLOR_YUV2RGB_YUY2),
    "yuyv": PackedEncoding("u1", 2, cv2.COLOR_YUV2RGB_YUY2),
    **{f"bayer_{name}8": PackedEncoding("u1", 1, code) for name, code in _BAYER.items()},
    **{f"bayer_{name}16": PackedEncoding("u2", 1, code) for name, code in _BAYER.items()},
    # OpenCV's types, which do not name the channels; OpenCV's own order is BGR.
    "8UC1": PackedEncoding("u1", 1, cv2.COLOR_GRAY2RGB),
    "8UC3": PackedEncoding("u1", 3, cv2.COLOR_BGR2RGB),
    "8UC4": PackedEncoding("u1", 4, cv2.COLOR_BGRA2RGB),
    "16UC3": PackedEncoding("u2", 3, cv2.COLOR_BGR2RGB),
    "16UC4": PackedEncoding("u2", 4, cv2.COLOR_BGRA2RGB),
}
MEASUREMENTS = {"16UC1": PackedEncoding("u2", 1, None), "32FC1": PackedEncoding("f4", 1, None)}
PACKED_ENCODINGS = PACKED_PICTURES | MEASUREMENTS
_MEASURED = re.compile(r"(8S|16U|16S|32S|32F|64F)C?\d*")


def is_measurement(name: str) -> bool:
    """Whether an encoding is for depth or other measurements."""
    return name not in PACKED_PICTURES and _MEASURED.fullmatch(name) is not None


def packed_to_rgb(array: np.ndarray, to_rgb: int | None) -> np.ndarray:
    """Convert the channels of an image to (H, W, 3) uint8 RGB.

    Args:
        array: (H, W) or (H, W, channels), uint8 or uint16; returned unchanged if it is uint8 RGB.
        to_rgb: OpenCV's colour conversion; None for RGB.

    Raises:
        ImageError: the image is too small for a Bayer encoding, or splits a pair of pixels.
    """
    if to_rgb is None and array.dtype == np.uint8:
        return array
    height, width = array.shape[:2]
    if to_rgb in _BAYER.values() and min(height, width) < 3:  # OpenCV returns black for these
        raise ImageError(
            f"the {width}x{height} image is too small for a Bayer encoding, which needs at least 3x3 pixels"
        )
    if array.ndim == 3 and array.shape[2] == 2 and width % 2:
        raise ImageError(f"the {width}x{height} image has an odd width: its encoding stores pixels in pairs")
    rgb = array
    if to_rgb is not None:
        aligned = np.require(
            array, requirements="A"
        )  # OpenCV expects a step that is a multiple of the type's size
        rgb = cv2.cvtColor(aligned, to_rgb)
    if rgb.dtype == np.uint8:
        return rgb
    return cv2.convertScaleAbs(np.require(rgb, requirements="A"), alpha=255 / 65535)
