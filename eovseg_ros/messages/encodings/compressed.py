"""Decoding of compressed images."""

from typing import TYPE_CHECKING

import cv2
import numpy as np

from eovseg_model.data import PictureError, decode_picture

from .compressed_format import check_format, parse_format
from .errors import ImageError, quoted
from .names import canonical_name
from .packed import PACKED_PICTURES, packed_to_rgb

if TYPE_CHECKING:
    from sensor_msgs.msg import CompressedImage


def compressed_to_rgb(message: "CompressedImage", max_pixels: int) -> np.ndarray:
    """Decode a compressed image to (H, W, 3) uint8 RGB, ignoring EXIF data.

    Raises:
        ImageError: the format does not contain a single image, or the data cannot be decoded.
    """
    check_format(message.format)
    form = parse_format(message.format)
    try:
        picture = decode_picture(message.data, max_pixels=max_pixels)
    except PictureError as error:
        size = len(message.data)
        raise ImageError(
            f"cannot decompress {size} bytes of format {quoted(message.format)}: {error}"
        ) from error
    if picture.ndim == 2:
        name = canonical_name(form.stored)
        mosaic = name.startswith("bayer_") and name in PACKED_PICTURES
        return packed_to_rgb(picture, PACKED_PICTURES[name].to_rgb if mosaic else cv2.COLOR_GRAY2RGB)
    if form.codec == "tiff" and form.stored == form.raw and form.raw.startswith("rgb"):
        return picture[
            :, :, ::-1
        ]  # compressed_image_transport passes RGB to OpenCV's encoder, which expects BGR
    return picture
