"""Size of images inside the network: the short side that is asked for, and the limit."""

from numbers import Integral

VARIANT_SHORT_SIDE = 0  # the variant's default
IMAGE_SHORT_SIDE = -1  # the image is not resized
STRIDE = 32  # of the network: the sides of its input are multiples
MAX_INPUT_PIXELS = 2048 * 2048  # 2560x1440 and 2560x1600 are allowed, 4K is not


class ImageSizeError(ValueError):
    """Raised for an image that is too large inside the network; the message states size, limit and remedy."""


def check_input_size(image: tuple[int, int], resized: tuple[int, int]) -> None:
    """Raise ImageSizeError if the resized image has more than MAX_INPUT_PIXELS with padding; (height, width).

    The time and memory of a frame grow with these pixels, and a frame cannot be interrupted.
    """
    height, width = (side + -side % STRIDE for side in resized)
    if height * width > MAX_INPUT_PIXELS:
        raise ImageSizeError(
            f"image of {image[1]}x{image[0]} pixels has {width}x{height} = {width * height} in the network, "
            f"which takes at most {MAX_INPUT_PIXELS}; resize it with a smaller short_side, for example 640"
        )


def check_short_side(short_side: int) -> None:
    """Raise ValueError unless short_side is a number of pixels or one of the two constants."""
    whole = isinstance(short_side, Integral) and not isinstance(short_side, bool)
    if not whole or short_side < IMAGE_SHORT_SIDE:
        raise ValueError(
            f"short_side must be a number of pixels, {VARIANT_SHORT_SIDE} (the variant's default) or "
            f"{IMAGE_SHORT_SIDE} (no resizing), got {short_side!r}"
        )
