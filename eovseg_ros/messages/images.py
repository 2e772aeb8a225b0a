"""Conversions between image messages and NumPy arrays."""

import sys
from typing import TYPE_CHECKING

import cv2
import numpy as np

from eovseg_model.data import MAX_PIXELS

from .encodings.compressed import compressed_to_rgb
from .encodings.errors import ImageError as ImageError
from .encodings.errors import check_pixels, quoted
from .encodings.names import canonical_name
from .encodings.packed import PACKED_ENCODINGS, PACKED_PICTURES, is_measurement, packed_to_rgb
from .encodings.planar import PLANAR_PICTURES, planar_to_rgb

if TYPE_CHECKING:  # messages of other libraries can be read without ROS
    from sensor_msgs.msg import CompressedImage, Image
    from std_msgs.msg import Header


def image_to_rgb(message: "Image | CompressedImage", *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Convert an image message to RGB.

    Args:
        max_pixels: Refuse larger images, compressed ones before they are decoded.

    Returns:
        (H, W, 3) uint8 RGB; for rgb8, a view of the message's data without padding.

    Raises:
        ImageError: the size, step, encoding or data of the message is invalid or not supported.
    """
    if hasattr(message, "format"):
        return compressed_to_rgb(message, max_pixels)
    name = canonical_name(message.encoding)
    if name not in PACKED_PICTURES and name not in PLANAR_PICTURES:
        raise _unreadable(message.encoding)
    check_pixels(message.width, message.height, max_pixels)
    try:
        if name in PLANAR_PICTURES:
            return planar_to_rgb(message, PLANAR_PICTURES[name])
        return packed_to_rgb(image_to_array(message), PACKED_PICTURES[name].to_rgb)
    except cv2.error as error:
        raise ImageError(f"OpenCV cannot convert {_describe(message)}: {error}") from error


def image_to_array(message: "Image") -> np.ndarray:
    """View the data of an image as an array, respecting its `step` and byte order.

    Returns:
        (H, W) or (H, W, channels) of the encoding's type, in native byte order.

    Raises:
        ImageError: the size, step, encoding or data of the message is invalid or not supported.
    """
    encoding = PACKED_ENCODINGS.get(canonical_name(message.encoding))
    if encoding is None:
        raise ImageError(
            f"cannot read encoding {quoted(message.encoding)} as array; use {', '.join(PACKED_ENCODINGS)}"
        )
    height, width = message.height, message.width
    dtype = np.dtype(encoding.dtype).newbyteorder(">" if message.is_bigendian else "<")
    row = width * encoding.channels * dtype.itemsize
    if height == 0 or width == 0:
        raise ImageError(f"{_describe(message)} is empty")
    if message.step < row:
        raise ImageError(f"{_describe(message)} has step {message.step}, but a row takes {row} bytes")
    if len(message.data) != height * message.step:
        raise ImageError(
            f"{_describe(message)} with step {message.step} needs {height * message.step} bytes, "
            f"but holds {len(message.data)}"
        )
    array: np.ndarray = np.ndarray(
        (height, width, encoding.channels),
        dtype,
        buffer=message.data,
        strides=(message.step, encoding.channels * dtype.itemsize, dtype.itemsize),
    )
    native = array.astype(dtype.newbyteorder("="), copy=False)
    return native[:, :, 0] if encoding.channels == 1 else native


def array_to_image(array: np.ndarray, encoding: str, header: "Header") -> "Image":
    """Convert an array to a new message, copying its bytes once.

    Args:
        array: (H, W) or (H, W, channels) of the encoding's type.

    Raises:
        ImageError: the array does not have the encoding's type or number of channels.
    """
    from sensor_msgs.msg import Image

    expected = PACKED_ENCODINGS[encoding]
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.dtype(expected.dtype) or channels != expected.channels:
        raise ImageError(f"{encoding} cannot hold {array.dtype} with {channels} channels")
    array = np.ascontiguousarray(array)
    message = Image(header=header, height=array.shape[0], width=array.shape[1], encoding=encoding)
    message.is_bigendian = int(sys.byteorder == "big")
    message.step = array.strides[0]
    message.data.frombytes(array.data.cast("B"))
    return message


def _unreadable(encoding: str) -> ImageError:
    if is_measurement(encoding):
        return ImageError(
            f"cannot read encoding {quoted(encoding)}: it is for depth and other measurements. "
            "Use the topic of the colour camera, or publish a grey image as mono16"
        )
    pictures = ", ".join((*PACKED_PICTURES, *PLANAR_PICTURES))
    return ImageError(f"cannot read encoding {quoted(encoding)}: publish one of {pictures}")


def _describe(message: "Image") -> str:
    return f"the {message.width}x{message.height} {message.encoding} image"
