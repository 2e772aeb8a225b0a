"""Picture files of any common format as arrays of 8-bit colours."""

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
# What a file of each format begins with. Image.open is not used: it tries formats that start other programs,
# and has a bound of its own on the number of pixels.
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
    """A picture that cannot be read; the text says why."""


def read_picture(file: str | Path, *, max_pixels: int = MAX_PIXELS, upright: bool = True) -> np.ndarray:
    """Read a picture file.

    Grey, palette and CMYK pictures become RGB, 16 bits a channel become 8, and alpha is left out. Of an
    animation or a file of several pages the first picture is read, with a warning.

    Args:
        max_pixels: Refuse a larger picture, before it is decoded.
        upright: Turn the picture as its EXIF data says.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        PictureError: the file cannot be read; the text names it and says why.
    """
    path = Path(file)
    remarks: list[str] = []
    try:
        if not path.is_file():  # reading a pipe would wait for its other end
            raise PictureError("not a file" if path.exists() else "there is no such file")
        with path.open("rb") as stream, _opened(stream, max_pixels) as image:
            if getattr(image, "is_animated", False):
                remarks.append("holds several pictures; only the first is read")
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
    """Decode the content of a picture file as it is stored, not turned by its EXIF data.

    Returns:
        (H, W, 3) uint8 RGB, or (H, W) uint8 or uint16 where the picture is grey.

    Raises:
        PictureError: the data is no picture, or has more than `max_pixels`.
    """
    with _opened(io.BytesIO(data), max_pixels) as image:
        return _array(_unturned(image), image.format)


@contextmanager
def _opened(stream: IO[bytes], max_pixels: int) -> Iterator[ImageFile]:
    """A picture whose header is read; what a decoder raises from then on becomes PictureError."""
    start = stream.read(16)
    stream.seek(0)
    if not start:
        raise PictureError("it is empty")
    opener = next((opener for begin, opener in _FORMATS if start.startswith(begin)), None)
    if opener is None:
        raise PictureError(
            "not a picture of a known format (JPEG, PNG, WebP, TIFF, BMP, GIF, PPM, JPEG 2000)"
        )
    try:
        with opener(stream) as image:
            _check_size(image.size, max_pixels)
            yield image
    except PictureError:
        raise
    except Exception as error:  # every decoder of Pillow has its own
        raise PictureError(f"damaged, or of an unsupported kind: {error}") from error


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise PictureError(
            f"{width}x{height} is {width * height} pixels, more than max_pixels ({max_pixels}): "
            "scale the picture down or raise max_pixels"
        )
    if width * height == 0:
        raise PictureError(f"a picture of {width}x{height} is empty")


def _turned(image: ImageFile, remarks: list[str]) -> Image:
    """The picture as its EXIF data says; as it is, with a remark, where that data is broken."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # of many kinds, as with decoders
        remarks.append(f"has broken EXIF data and is not turned: {error}")
        return image


def _unturned(image: ImageFile) -> Image:
    """The picture as it is stored; Pillow turns TIFF files by itself where their orientation is left in."""
    if image.format == "TIFF":
        image.getexif().pop(_ORIENTATION, None)
    return image


def _array(picture: Image, form: str | None) -> np.ndarray:
    """(H, W, 3) uint8, or (H, W) uint8 or uint16 of a grey picture."""
    if picture.mode in ("1", "L", "LA", "La"):
        return np.array(picture.convert("L"))
    if picture.mode.startswith("I;16"):
        return np.array(picture).astype(np.uint16)
    if picture.mode == "I" and form in ("PNG", "PPM"):
        return np.array(picture).astype(np.uint16)  # Pillow keeps 16 bits in 32
    if picture.mode == "F":
        return _scaled(np.array(picture))
    if picture.mode == "I":
        raise PictureError("its values are 32-bit or signed numbers: convert it to 8 or 16 bits")
    return np.array(picture.convert("RGB"))


def _scaled(values: np.ndarray) -> np.ndarray:
    """Values (H, W) from 0 to 1 as uint16."""
    low, high = float(values.min()), float(values.max())
    if not 0 <= low <= high <= 1:  # NaN, too
        raise PictureError(
            f"its values range from {low:g} to {high:g}, where a floating-point picture has 0 to 1: "
            "convert it to 8 or 16 bits"
        )
    return np.rint(values * 65535).astype(np.uint16)
