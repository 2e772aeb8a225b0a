"""Warnings about images that can be read."""

from typing import TYPE_CHECKING

from .encodings.compressed_format import parse_format
from .encodings.names import canonical_name, is_colour

if TYPE_CHECKING:
    from sensor_msgs.msg import CompressedImage, Image

_GUESSED = {
    "8UC3": "BGR",
    "8UC4": "BGRA",
    "16UC3": "BGR",
    "16UC4": "BGRA",
    "yuv420": "I420 (planes Y, U, V)",
}


def image_warning(message: "Image | CompressedImage") -> str:
    """Return a warning if the order of channels is a guess or colours were lost in compression, else "".

    The number of different warnings is small: they contain only names of known encodings.
    """
    if not hasattr(message, "format"):
        return _guess(canonical_name(message.encoding))
    form = parse_format(message.format)
    raw, stored = canonical_name(form.raw), canonical_name(form.stored)
    if is_colour(raw) and stored in ("mono8", "mono16"):
        return (
            f"{raw} images were compressed to {stored} and lost their colours, which makes labels worse: "
            "convert them to rgb8 or bgr8 before compression, or set image_transport:=raw"
        )
    return _guess(stored)


def _guess(name: str) -> str:
    if name not in _GUESSED:
        return ""
    return (
        f"encoding {name} does not say the order of its channels; it is read as {_GUESSED[name]}. "
        "Publish rgb8 or bgr8 if the colours are wrong"
    )
