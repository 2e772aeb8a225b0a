"""Images on their way to the network: what is refused, sizes by hand, normalisation and padding."""

import numpy as np
import pytest
import torch

from eovseg_model.inference.preprocess import (
    check_batch,
    check_image,
    check_output_size,
    normalise,
    prepare,
    resize_image,
    resized_shape,
    to_input,
)

CPU = torch.device("cpu")
MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


@pytest.mark.parametrize(
    ("shape", "short_side", "expected"),
    [
        ((480, 640), 640, (640, 853)),  # 640 * 640 / 480 = 853.33
        ((600, 450), 640, (853, 640)),
        ((100, 801), 640, (320, 2560)),  # 5126 would pass 2560: scale 2560 / 801, 319.6 rounds to 320
        ((801, 100), 640, (2560, 320)),
        ((200, 333), 100, (100, 167)),  # 166.5 is rounded up
        ((640, 800), 640, (640, 800)),
        ((1, 6000), 640, (1, 2560)),  # 0.43 rounds to 0: a pixel is the least
        ((6000, 1), 640, (2560, 1)),
        ((2, 12800), 640, (1, 2560)),  # 0.4
    ],
)
def test_the_short_side_is_scaled_unless_the_long_side_becomes_too_long(shape, short_side, expected):
    assert resized_shape(*shape, short_side) == expected


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((4, 4), np.uint8), r"\(H, W, 3\) RGB array, got \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"got \(4, 4, 4\)"),
        (np.zeros((1, 4, 4, 3), np.uint8), r"got \(1, 4, 4, 3\)"),
        (np.zeros((4, 4, 3), np.float32), r"uint8 with values 0\.\.255, got float32"),
        (np.zeros((0, 4, 3), np.uint8), r"no pixels: shape \(0, 4, 3\)"),
        (np.zeros((4, 0, 3), np.uint8), r"no pixels: shape \(4, 0, 3\)"),
        (torch.zeros(4, 4, 3, dtype=torch.uint8), "RGB array, got torch.Size"),
        ("mug.png", "RGB array, got str"),
    ],
)
def test_what_is_no_image_is_refused(image, words):
    with pytest.raises(ValueError, match=words):
        check_image(image)


def test_a_batch_has_at_least_one_image_and_one_size():
    check_batch([np.zeros((4, 6, 3), np.uint8)] * 2)
    check_batch(np.zeros((2, 4, 6, 3), np.uint8))
    with pytest.raises(ValueError, match="a batch needs at least one image, got none"):
        check_batch([])
    with pytest.raises(ValueError, match="must have one size, got 6x4 and 4x6; segment them one by one"):
        check_batch(
            [np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6, 3), np.uint8), np.zeros((6, 4, 3), np.uint8)]
        )
    with pytest.raises(ValueError, match="got float32"):
        check_batch([np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6, 3), np.float32)])


@pytest.mark.parametrize("short_side", [-1, 20, 60])
def test_a_batch_is_prepared_as_its_images_are(short_side):
    images = np.random.default_rng(0).integers(0, 256, (3, 33, 50, 3), np.uint8)
    found, shape = prepare(images, short_side, CPU)
    singles = [prepare([image], short_side, CPU) for image in images]
    assert {one for _, one in singles} == {shape}
    assert torch.equal(found, torch.cat([x for x, _ in singles]))


def test_one_pixel_is_an_image():
    check_image(np.zeros((1, 1, 3), np.uint8))


@pytest.mark.parametrize("size", [None, (1, 1), (480, 640), [3, 4]])
def test_output_sizes(size):
    check_output_size(size)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (5,), (5, 5, 3), (-1, 5)])
def test_an_output_size_without_pixels_is_refused(size):
    with pytest.raises(ValueError, match=r"must be \(height, width\), both at least 1, got [\[(]"):
        check_output_size(size)


def test_images_are_resized_only_where_their_size_changes():
    image = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    assert resize_image(image, 2) is image and resize_image(image, -1) is image
    flat = resize_image(np.full((4, 8, 3), (10, 20, 30), np.uint8), 2)
    assert flat.tolist() == [[[10, 20, 30]] * 4] * 2


def test_resizing_weighs_neighbours_by_their_distance():
    """From 2 to 4 pixels: centres at 0.25, 0.75, 1.25 and 1.75 of pixels at 0.5 and 1.5."""
    image = np.repeat(np.array([[0, 100], [0, 100]], np.uint8)[:, :, None], 3, axis=2)
    assert resize_image(image, 4)[0, :, 0].tolist() == [0, 25, 75, 100]


@pytest.mark.parametrize(
    ("shape", "padded"),
    [((33, 64), (64, 64)), ((32, 65), (32, 96)), ((1, 1), (32, 32)), ((64, 32), (64, 32))],
)
def test_the_input_is_normalised_and_padded_with_zeros_to_multiples_of_32(shape, padded):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    x = to_input(image, CPU)
    assert x.shape == (1, 3, *padded) and x.dtype == torch.float32
    expected = (image - np.float32(MEAN)) / np.float32(DEVIATION)
    np.testing.assert_allclose(x[0, :, : shape[0], : shape[1]].permute(1, 2, 0), expected, atol=1e-6)
    assert not x[0, :, shape[0] :].any() and not x[0, :, :, shape[1] :].any()


def test_views_and_read_only_images_are_taken_as_they_look():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    mirrored = image[:, ::-1]
    image.flags.writeable = False
    assert torch.equal(to_input(mirrored, CPU), to_input(image, CPU).flip(-1))


def test_normalisation_is_by_channel_and_leaves_its_argument_alone():
    images = torch.tensor(MEAN).view(3, 1, 1).expand(2, 3, 1, 2).clone()
    images[1] += torch.tensor(DEVIATION).view(3, 1, 1)
    before = images.clone()
    torch.testing.assert_close(
        normalise(images), torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 1, 2)
    )
    assert torch.equal(images, before)


def test_the_statistics_can_be_used_in_training_after_inference():
    from eovseg_model.inference.preprocess import mean_and_deviation

    mean_and_deviation.cache_clear()
    with torch.inference_mode():
        normalise(torch.zeros(1, 3, 2, 2))
    x = torch.zeros(1, 3, 2, 2, requires_grad=True)
    normalise(x).sum().backward()
    assert x.grad is not None
