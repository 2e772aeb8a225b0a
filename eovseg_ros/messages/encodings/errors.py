"""The error of every conversion of images, and how it quotes a message."""

_LONGEST_QUOTE = 60  # characters; a message's text may have any number of them


class ImageError(ValueError):
    """An image message that cannot be read; the text says what is wrong with it."""


def quoted(text: str) -> str:
    """The text in quotes, control characters escaped, cut where it is long."""
    if len(text) <= _LONGEST_QUOTE:
        return repr(text)
    return f"{text[:_LONGEST_QUOTE]!r}... ({len(text)} characters)"


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """ImageError for an image without pixels or with more than `max_pixels`."""
    if width == 0 or height == 0:
        raise ImageError(f"the {width}x{height} image is empty")
    if width * height > max_pixels:
        raise ImageError(
            f"{width}x{height} is {width * height} pixels, more than max_pixels ({max_pixels}): "
            "publish smaller images or raise max_pixels"
        )
