"""Which sizes the network takes, and what a short side may be."""

import numpy as np
import pytest

from eovseg_model.inference.input_size import (
    IMAGE_SHORT_SIDE,
    MAX_INPUT_PIXELS,
    VARIANT_SHORT_SIDE,
    ImageSizeError,
    check_input_size,
    check_short_side,
)


@pytest.mark.parametrize(
    "size", [(2048, 2048), (2017, 2017), (1440, 2560), (1600, 2560), (1, 131072), (1, 1)]
)
def test_four_megapixels_are_allowed_with_padding(size):
    assert MAX_INPUT_PIXELS == 4194304
    check_input_size((9, 9), size)


@pytest.mark.parametrize(
    ("resized", "inside"),
    [
        ((2048, 2049), "2080x2048 = 4259840"),  # the sides are padded to multiples of 32
        ((2049, 2048), "2048x2080 = 4259840"),
        ((1, 131073), "131104x32 = 4195328"),
    ],
)
def test_more_are_refused_with_sizes_and_remedy(resized, inside):
    with pytest.raises(ImageSizeError) as caught:
        check_input_size((600, 800), resized)
    assert str(caught.value) == (
        f"image of 800x600 pixels has {inside} in the network, which takes at most 4194304; "
        "resize it with a smaller short_side, for example 640"
    )


@pytest.mark.parametrize("short_side", [VARIANT_SHORT_SIDE, IMAGE_SHORT_SIDE, 1, 640, np.int64(64)])
def test_a_short_side_is_a_number_of_pixels_or_a_special_value(short_side):
    assert (VARIANT_SHORT_SIDE, IMAGE_SHORT_SIDE) == (0, -1)
    check_short_side(short_side)


@pytest.mark.parametrize("short_side", [-2, 64.0, "64", None, True, False])
def test_any_other_short_side_is_refused(short_side):
    with pytest.raises(ValueError) as caught:
        check_short_side(short_side)
    assert str(caught.value) == (
        "short_side must be a number of pixels, 0 (the variant's default) or -1 (no resizing), "
        f"got {short_side!r}"
    )
