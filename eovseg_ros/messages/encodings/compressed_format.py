"""The text that names the format of a compressed image."""

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
_REPUBLISH = "let `ros2 run image_transport republish` decode it, and set image_transport:=raw"


class CompressedFormat(NamedTuple):
    """What "RAW; CODEC compressed STORED" says, compressed_image_transport's form; empty where left out."""

    raw: str  # encoding of the image before it was compressed
    codec: str
    stored: str  # encoding of the picture inside the compressed data


def parse_format(text: str) -> CompressedFormat:
    """Read a format, "bgr8; jpeg compressed bgr8" or just "jpeg"; any text is allowed."""
    raw, separator, rest = text.partition(";")
    if not separator:
        return CompressedFormat("", raw.strip().lower(), "")
    codec, _, stored = rest.strip().partition(" compressed")
    return CompressedFormat(raw.strip(), codec.strip().lower(), stored.strip() or raw.strip())


def check_format(text: str) -> None:
    """ImageError for a format that is named and holds no single picture."""
    words = re.split(r"[;\s]+", text)
    if "compresseddepth" in text.lower():
        raise ImageError(f"format {quoted(text)} is compressed depth, not a picture: {_COLOUR_TOPIC}")
    if any(_STREAM.fullmatch(word) for word in words):
        raise ImageError(f"format {quoted(text)} is a video stream, not single pictures: {_REPUBLISH}")
    if _OTHER_TRANSPORTS & {word.lower() for word in words}:
        raise ImageError(f"format {quoted(text)} is of another image transport: {_REPUBLISH}")
    form = parse_format(text)
    for name in (form.raw, form.stored):
        if is_measurement(name):
            raise ImageError(
                f"format {quoted(text)} holds {name}, depth or other measured values and not a picture: "
                f"{_COLOUR_TOPIC}"
            )
