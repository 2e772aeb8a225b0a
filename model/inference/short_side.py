"""The short side that images have inside the model: pixels, or one of two numbers that stand for pixels."""

from numbers import Integral

VARIANT_SHORT_SIDE = 0  # the one that the variant was made for
IMAGE_SHORT_SIDE = -1  # the image's own: it is not resized


def check_short_side(short_side: int) -> None:
    """Raise ValueError unless short_side is a number of pixels or one of the two constants."""
    whole = isinstance(short_side, Integral) and not isinstance(short_side, bool)
    if not whole or short_side < IMAGE_SHORT_SIDE:
        raise ValueError(
            f"short_side must be a number of pixels, {VARIANT_SHORT_SIDE} (what the variant was made for) or "
            f"{IMAGE_SHORT_SIDE} (the image is not resized), not {short_side!r}"
        )
