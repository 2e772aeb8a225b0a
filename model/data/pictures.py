"""Read image files of common formats."""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import cv2
import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageOps,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.Image import Image
from PIL.ImageFile import ImageFile

from .picture_limit import MAX_PIXELS

_ORIENTATION = 0x0112  # EXIF tag
# First bytes of the files of each format. Image.open is not used, because it also tries formats that start
# other programs, and has its own limit of pixels.
_FORMATS: tuple[tuple[bytes, Callable[..., ImageFile]], ...] = (
    (b"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    (b"RIFF", WebPImagePlugin.WebPImageFile),
    *((start, TiffImagePlugin.TiffImageFile) for start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    (b"BM", BmpImagePlugin.BmpImageFile),
    (b"GIF8", GifImagePlugin.GifImageFile),
    *((b"P%d" % i, PpmImagePlugin.PpmImageFile) for i in range(1, 7)),
    *((start, PpmImagePlugin.PpmImageFile) for start in (b"Pf", b"Py")),
    *((start, Jpeg2KImagePlugin.Jpeg2KImageFile) for start in (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ")),
)


class PictureError(ValueError):
    """Raised for an image that cannot be read; the message gives the reason."""


def read_picture(file: str | Path, *, max_pixels: int = MAX_PIXELS, upright: bool = True) -> np.ndarray:
    """Read an image file.

    Grey, palette and CMYK images are converted to RGB, 16 bits per channel to 8; alpha is dropped. Only the
    first image of an animation or a multi-page file is read, with a warning.

    Args:
        max_pixels: Maximum number of pixels; larger images are rejected before they are decoded.
        upright: Whether to rotate the image by its EXIF orientation.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        PictureError: if the file cannot be read; the message names it and gives the reason.
    """
    path = Path(file)
    remarks: list[str] = []
    try:
        if not path.is_file():  # reading a pipe could block
            raise PictureError("not a file" if path.exists() else "file not found")
        with path.open("rb") as stream, _opened(stream, max_pixels) as image:
            if getattr(image, "is_animated", False):
                remarks.append("contains several images; only the first is read")
            picture = _turned(image, remarks) if upright else _unturned(image)
            stored = _array(picture, image.format)
    except (PictureError, OSError) as error:
        raise PictureError(f"cannot read {path}: {error}") from error
    for remark in remarks:
        warnings.warn(f"{path} {remark}", stacklevel=2)
    if stored.dtype == np.uint16:
        stored = cv2.convertScaleAbs(stored, alpha=255 / 65535)
    return cv2.cvtColor(stored, cv2.COLOR_GRAY2RGB) if stored.ndim == 2 else stored


def decode_picture(data: bytes | memoryview, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decode the content of an image file, without applying its EXIF orientation.

    Returns:
        (H, W, 3) uint8 RGB, or (H, W) uint8 or uint16 if the image is grey.

    Raises:
        PictureError: if the data is not an image or has more than `max_pixels`.
    """
    with _opened(io.BytesIO(data), max_pixels) as image:
        return _array(_unturned(image), image.format)


@contextmanager
def _opened(stream: IO[bytes], max_pixels: int) -> Iterator[ImageFile]:
    """Open an image and read its header; errors of decoders become PictureError."""
    start = stream.read(16)
    stream.seek(0)
    if not start:
        raise PictureError("the file is empty")
    opener = next((opener for begin, opener in _FORMATS if start.startswith(begin)), None)
    if opener is None:
        raise PictureError(
            "not an image of a supported format (JPEG, PNG, WebP, TIFF, BMP, GIF, PPM, JPEG 2000)"
        )
    try:
        with opener(stream) as image:
            _check_size(image.size, max_pixels)
            yield image
    except PictureError:
        raise
    except Exception as error:  # Pillow's decoders raise many kinds
        raise PictureError(f"damaged or not supported: {error}") from error


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise PictureError(
            f"{width}x{height} is {width * height} pixels, more than max_pixels ({max_pixels}): "
            "scale the image down or raise max_pixels"
        )


def _turned(image: ImageFile, remarks: list[str]) -> Image:
    """Rotate an image by its EXIF orientation; if the data is invalid, add a remark and do not rotate."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # many kinds, as from decoders
        remarks.append(f"has invalid EXIF data and is not rotated: {error}")
        return image


def _unturned(image: ImageFile) -> Image:
    """Return the image without rotation; Pillow would rotate TIFF files that have an orientation."""
    if image.format == "TIFF":
        image.getexif().pop(_ORIENTATION, None)
    return image


def _array(picture: Image, form: str | None) -> np.ndarray:
    """Convert to (H, W, 3) uint8, or (H, W) uint8 or uint16 for a grey image."""
    if picture.mode in ("1", "L", "LA", "La"):
        return np.array(picture.convert("L"))
    if picture.mode.startswith("I;16"):
        return np.array(picture).astype(np.uint16)
    if picture.mode == "I" and form in ("PNG", "PPM"):
        return np.array(picture).astype(np.uint16)  # Pillow keeps 16 bits in 32
    if picture.mode == "F":
        return _scaled(np.array(picture))
    if picture.mode == "I":
        raise PictureError("the values are 32-bit or signed numbers; convert the image to 8 or 16 bits")
    return np.array(picture.convert("RGB"))


def _scaled(values: np.ndarray) -> np.ndarray:
    """Scale values (H, W) from 0 to 1 to uint16."""
    low, high = float(values.min()), float(values.max())
    if not 0 <= low <= high <= 1:  # NaN, too
        raise PictureError(
            f"floating-point values must be from 0 to 1; got {low:g} to {high:g}; convert the image to 8 or "
            "16 bits"
        )
    return np.rint(values * 65535).astype(np.uint16)
