"""Short side to which images are resized: pixels, or one of two special values."""

from numbers import Integral

VARIANT_SHORT_SIDE = 0  # the variant's default
IMAGE_SHORT_SIDE = -1  # the image is not resized


def check_short_side(short_side: int) -> None:
    """Raise ValueError unless short_side is a number of pixels or one of the two constants."""
    whole = isinstance(short_side, Integral) and not isinstance(short_side, bool)
    if not whole or short_side < IMAGE_SHORT_SIDE:
        raise ValueError(
            f"short_side must be a number of pixels, {VARIANT_SHORT_SIDE} (the variant's default) or "
            f"{IMAGE_SHORT_SIDE} (no resizing), got {short_side!r}"
        )
