"""The `format` field of compressed images."""

import re
from typing import NamedTuple

from .errors import ImageError, quoted
from .packed import is_measurement

_STREAM = re.compile(
    r"(lib)?(x26[45]|h\.?26[345]|hevc|avc1?|av1|aom|svtav1|vp[89]|vpx|mpe?g[124]|theora)([-_].*)?",
    re.IGNORECASE,
)
_OTHER_TRANSPORTS = {"zstd", "rvl", "draco"}
_COLOUR_TOPIC = "use the compressed topic of the colour camera"
_REPUBLISH = "decode it with `ros2 run image_transport republish` and set image_transport:=raw"


class CompressedFormat(NamedTuple):
    """The parts of "RAW; CODEC compressed STORED", as compressed_image_transport writes it; may be empty."""

    raw: str  # encoding of the image before compression
    codec: str
    stored: str  # encoding of the image inside the compressed data


def parse_format(text: str) -> CompressedFormat:
    """Parse a format, for example "bgr8; jpeg compressed bgr8" or "jpeg"; any text is allowed."""
    raw, separator, rest = text.partition(";")
    if not separator:
        return CompressedFormat("", raw.strip().lower(), "")
    codec, _, stored = rest.strip().partition(" compressed")
    return CompressedFormat(raw.strip(), codec.strip().lower(), stored.strip() or raw.strip())


def check_format(text: str) -> None:
    """Raise ImageError if the format is known not to contain a single image."""
    words = re.split(r"[;\s]+", text)
    if "compresseddepth" in text.lower():
        raise ImageError(f"format {quoted(text)} is compressed depth, not colour: {_COLOUR_TOPIC}")
    if any(_STREAM.fullmatch(word) for word in words):
        raise ImageError(f"format {quoted(text)} is a video stream, not single images: {_REPUBLISH}")
    if _OTHER_TRANSPORTS & {word.lower() for word in words}:
        raise ImageError(f"format {quoted(text)} belongs to another image transport: {_REPUBLISH}")
    form = parse_format(text)
    for name in (form.raw, form.stored):
        if is_measurement(name):
            raise ImageError(
                f"format {quoted(text)} contains {name}, which is for depth and other measurements: "
                f"{_COLOUR_TOPIC}"
            )
