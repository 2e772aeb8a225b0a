"""Images of planes, with layouts written out by hand and OpenCV as referee."""

from array import array

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import Image

from eovseg_ros.messages.encodings.planar import PLANAR_PICTURES
from eovseg_ros.messages.images import ImageError, image_to_rgb

I420_NAMES = ("i420", "iyuv", "yu12", "yuv420", "yuv420p")
RANDOM = np.random.default_rng(5)
HEIGHT, WIDTH = 4, 6
Y = RANDOM.integers(16, 236, (HEIGHT, WIDTH)).astype(np.uint8)
U, V = RANDOM.integers(16, 241, (2, HEIGHT, WIDTH)).astype(np.uint8)  # one a pixel
U2, V2 = U[::2, ::2], V[::2, ::2]  # one for 2x2 pixels


def pairs(first, second):
    return np.stack([first, second], axis=-1).reshape(len(first), -1)


def rows_of(encoding, padding):
    """The planes of the pixels above, each row followed by padding; `step` is that of the first plane."""
    full, half = (
        0xEE * np.ones((HEIGHT, padding), np.uint8),
        0xEE * np.ones((HEIGHT // 2, padding // 2), np.uint8),
    )
    luma = np.hstack([Y, full])
    if encoding in ("nv12", "nv21"):
        colours = pairs(U2, V2) if encoding == "nv12" else pairs(V2, U2)
        planes = [luma, np.hstack([colours, full[: HEIGHT // 2]])]
    elif encoding == "nv24":
        planes = [luma, np.hstack([pairs(U, V), full, full])]
    else:
        first, second = (V2, U2) if encoding == "yv12" else (U2, V2)
        planes = [luma, np.hstack([first, half]), np.hstack([second, half])]
    return b"".join(plane.astype(np.uint8).tobytes() for plane in planes)


def message_of(encoding, *, padding=0, **settings):
    message = Image(height=HEIGHT, width=WIDTH, step=WIDTH + padding, encoding=encoding)
    message.data = array("B", rows_of(encoding.lower(), padding))
    for name, value in settings.items():
        setattr(message, name, value)
    return message


def colours_of(y, u, v):
    """RGB after ITU-R BT.601 with a brightness from 16 to 235."""
    y, u, v = 1.164 * (y - 16.0), u - 128.0, v - 128.0
    return np.clip(np.stack([y + 1.596 * v, y - 0.392 * u - 0.813 * v, y + 2.017 * u], axis=-1), 0, 255)


@pytest.mark.parametrize("padding", [0, 2, 10])
@pytest.mark.parametrize("encoding", [*PLANAR_PICTURES, "NV12", "I420"])
def test_planes_become_colours(encoding, padding):
    u, v = (U, V) if encoding == "nv24" else (np.kron(plane, np.ones((2, 2))) for plane in (U2, V2))
    rgb = image_to_rgb(message_of(encoding, padding=padding))
    assert rgb.dtype == np.uint8 and rgb.flags["C_CONTIGUOUS"]
    np.testing.assert_allclose(rgb, colours_of(Y, u, v), atol=1.5)


@pytest.mark.parametrize("encoding", ["nv12", "nv21", "nv24"])
def test_a_step_may_be_odd_where_it_is_not_halved(encoding):
    np.testing.assert_array_equal(
        image_to_rgb(message_of(encoding, padding=1)), image_to_rgb(message_of(encoding))
    )


@pytest.mark.parametrize(
    ("encoding", "code"),
    [
        ("nv12", cv2.COLOR_YUV2RGB_NV12),
        ("nv21", cv2.COLOR_YUV2RGB_NV21),
        ("yv12", cv2.COLOR_YUV2RGB_YV12),
        *((name, cv2.COLOR_YUV2RGB_I420) for name in I420_NAMES),
    ],
)
def test_opencv_agrees(encoding, code):
    planes = np.frombuffer(rows_of(encoding, 0), np.uint8).reshape(HEIGHT * 3 // 2, WIDTH)
    np.testing.assert_array_equal(image_to_rgb(message_of(encoding)), cv2.cvtColor(planes, code))


def test_nv24_is_read_at_odd_sizes():
    message = Image(height=1, width=1, step=1, encoding="nv24", data=array("B", [81, 90, 240]))
    np.testing.assert_allclose(image_to_rgb(message), [[[254, 0, 0]]], atol=1)


@pytest.mark.parametrize(
    ("encoding", "settings", "reason"),
    [
        ("nv12", {"width": 5}, "5x4 nv12 image has an odd size"),
        ("nv21", {"height": 3}, "6x3 nv21 image has an odd size"),
        ("yuv420", {"step": 7}, "6x4 yuv420 image has the odd step 7"),
        ("nv12", {"step": 4}, "has step 4, but a row of Y takes 6 bytes"),
        ("nv12", {"step": 12}, "with step 12 needs 72 bytes, but holds 36"),
        ("i420", {"data": array("B", bytes(35))}, "needs 36 bytes, but holds 35"),
        ("yv12", {"data": array("B", bytes(37))}, "needs 36 bytes, but holds 37"),
        ("nv24", {"data": array("B", bytes(71))}, "needs 72 bytes, but holds 71"),
        ("nv12", {"height": 0}, "empty"),
        ("nv24", {"width": 0, "step": 0}, "empty"),
        ("nv12", {"width": 2**20, "height": 2**20}, "more than max_pixels"),
    ],
)
def test_what_does_not_fit_is_refused_with_numbers(encoding, settings, reason):
    with pytest.raises(ImageError, match=reason):
        image_to_rgb(message_of(encoding, **settings))
