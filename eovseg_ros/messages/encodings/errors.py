"""The error of image conversions, and its helpers."""

_LONGEST_QUOTE = 60  # characters; the texts in a message may be of any length


class ImageError(ValueError):
    """Raised if an image message cannot be read; the message says why."""


def quoted(text: str) -> str:
    """Return the text in quotes, with control characters escaped, shortened if it is long."""
    if len(text) <= _LONGEST_QUOTE:
        return repr(text)
    return f"{text[:_LONGEST_QUOTE]!r}... ({len(text)} characters)"


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Raise ImageError if an image has no pixels or more than `max_pixels`."""
    if width == 0 or height == 0:
        raise ImageError(f"the {width}x{height} image is empty")
    if width * height > max_pixels:
        raise ImageError(
            f"{width}x{height} is {width * height} pixels, more than max_pixels ({max_pixels}): "
            "publish smaller images or raise max_pixels"
        )
