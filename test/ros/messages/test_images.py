import os
import subprocess
import sys
from array import array

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eovseg_ros.messages.encodings.packed import MEASUREMENTS, PACKED_PICTURES
from eovseg_ros.messages.encodings.planar import PLANAR_PICTURES
from eovseg_ros.messages.images import ImageError, array_to_image, image_to_array, image_to_rgb

RGB = [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]
BGR_ROWS = [[3, 2, 1, 6, 5, 4], [9, 8, 7, 12, 11, 10]]
BGRA_ROWS = [[3, 2, 1, 99, 6, 5, 4, 99], [9, 8, 7, 99, 12, 11, 10, 99]]
GREY_ROWS, GREY = [[1, 2], [3, 250]], [[[1] * 3, [2] * 3], [[3] * 3, [250] * 3]]
# Y of 16 is black and of 235 white; the chroma of 128 is grey. Each pair of pixels shares U and V.
UYVY_ROWS, YUYV_ROWS = (
    [[128, 16, 128, 235], [128, 235, 128, 16]],
    [[16, 128, 235, 128], [235, 128, 16, 128]],
)
BLACK_AND_WHITE = [[[0] * 3, [255] * 3], [[255] * 3, [0] * 3]]
# Two rows of two pixels, and what they are in RGB.
HAND_MADE = {
    "rgb8": ([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]], RGB),
    "bgr8": (BGR_ROWS, RGB),
    "8UC3": (BGR_ROWS, RGB),
    "rgba8": ([[1, 2, 3, 99, 4, 5, 6, 99], [7, 8, 9, 99, 10, 11, 12, 99]], RGB),
    "bgra8": (BGRA_ROWS, RGB),
    "8UC4": (BGRA_ROWS, RGB),
    "mono8": (GREY_ROWS, GREY),
    "8UC1": (GREY_ROWS, GREY),
    "yuv422": (UYVY_ROWS, BLACK_AND_WHITE),
    "uyvy": (UYVY_ROWS, BLACK_AND_WHITE),
    "UYVY": (UYVY_ROWS, BLACK_AND_WHITE),
    "yuv422_yuy2": (YUYV_ROWS, BLACK_AND_WHITE),
    "yuyv": (YUYV_ROWS, BLACK_AND_WHITE),
}
# One pixel of red, green and blue (and alpha) of 16 bits, and their places.
SIXTEEN_BITS = {"rgb16": [0, 1, 2], "bgr16": [2, 1, 0], "16UC3": [2, 1, 0]}
SIXTEEN_BITS |= {"rgba16": [0, 1, 2, 3], "bgra16": [2, 1, 0, 3], "16UC4": [2, 1, 0, 3]}
BAYER = {  # rows of colour filters
    "bayer_rggb": ("RG", "GB"),
    "bayer_bggr": ("BG", "GR"),
    "bayer_gbrg": ("GB", "RG"),
    "bayer_grbg": ("GR", "BG"),
}


def message_of(rows, encoding, *, width, padding=0, big_endian=False):
    """An image from rows of bytes, with padding at their ends."""
    data = b"".join(bytes(row) + b"\xee" * padding for row in rows)
    message = Image(height=len(rows), width=width, encoding=encoding, is_bigendian=int(big_endian))
    message.step = len(data) // len(rows)
    message.data = array("B", data)
    return message


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("encoding", HAND_MADE)
def test_hand_made_pictures(encoding, padding):
    rows, expected = HAND_MADE[encoding]
    rgb = image_to_rgb(message_of(rows, encoding, width=2, padding=padding))
    assert rgb.dtype == np.uint8
    np.testing.assert_array_equal(rgb, expected)


@pytest.mark.parametrize("big_endian", [False, True])
def test_mono16_is_scaled_to_8_bits_in_either_byte_order(big_endian):
    """4660 / 257 = 18.1 and 13330 / 257 = 51.9: the bytes of 0x1234 in the wrong order are seen."""
    values = np.array([[0, 0x1234], [0x3412, 65535]], ">u2" if big_endian else "<u2")
    rows = [row.tobytes() for row in values]
    message = message_of(rows, "mono16", width=2, padding=2, big_endian=big_endian)
    np.testing.assert_array_equal(image_to_array(message), [[0, 0x1234], [0x3412, 65535]])
    np.testing.assert_array_equal(image_to_rgb(message), np.repeat([[[0], [18]], [[52], [255]]], 3, axis=2))


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("encoding", SIXTEEN_BITS)
def test_colours_of_16_bits_are_scaled_to_8(encoding, big_endian):
    rgba = np.array([0x1234, 0x8001, 0xFF00, 0x7777], ">u2" if big_endian else "<u2")
    pixel = rgba[SIXTEEN_BITS[encoding]].tobytes()
    message = message_of([pixel + pixel], encoding, width=2, padding=3, big_endian=big_endian)
    np.testing.assert_array_equal(image_to_rgb(message), [[[18, 128, 254]] * 2])


@pytest.mark.parametrize(("encoding", "dtype"), [("16UC1", "u2"), ("32FC1", "f4")])
def test_measurements_are_viewed_in_either_byte_order(encoding, dtype):
    values = np.array([[1, 2.5, 700]], dtype)
    for order, big_endian in (("<", False), (">", True)):
        row = values.astype(f"{order}{dtype}").tobytes()
        array = image_to_array(message_of([row], encoding, width=3, big_endian=big_endian))
        assert array.dtype == values.dtype
        np.testing.assert_array_equal(array, values)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("pattern", BAYER)
def test_bayer_gives_back_a_uniform_colour(pattern, bits):
    colour = {"R": 200, "G": 100, "B": 20}
    filters = np.array([[colour[letter] for letter in row] for row in BAYER[pattern]])
    mosaic = np.tile(filters, (4, 4)).astype(np.uint8)
    if bits == 16:
        mosaic = mosaic.astype("<u2") * 257
    message = message_of([row.tobytes() for row in mosaic], f"{pattern}{bits}", width=8)
    np.testing.assert_array_equal(image_to_rgb(message)[2:-2, 2:-2], np.tile([200, 100, 20], (4, 4, 1)))


@pytest.mark.parametrize(
    ("luma", "u", "v", "rgb"),
    [(81, 90, 240, (254, 0, 0)), (145, 54, 34, (0, 255, 1)), (41, 240, 110, (0, 0, 255))],
)
def test_yuv_is_read_by_the_video_standard(luma, u, v, rgb):
    """Red, green and blue after ITU-R BT.601, 16 to 235."""
    for encoding in ("yuv422", "uyvy"):
        message = message_of([[u, luma, v, luma]], encoding, width=2)
        np.testing.assert_allclose(image_to_rgb(message), [[rgb, rgb]], atol=1)
    for encoding in ("yuv422_yuy2", "yuyv"):
        message = message_of([[luma, u, luma, v]], encoding, width=2)
        np.testing.assert_allclose(image_to_rgb(message), [[rgb, rgb]], atol=1)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("pattern", BAYER)
def test_bayer_agrees_with_opencv_on_any_mosaic(pattern, bits):
    mosaic = np.random.default_rng(3).integers(0, 1 << bits, (7, 9)).astype(f"<u{bits // 8}")
    message = message_of([row.tobytes() for row in mosaic], f"{pattern}{bits}", width=9)
    name = {"rggb": "BG", "bggr": "RG", "gbrg": "GR", "grbg": "GB"}[
        pattern[-4:]
    ]  # OpenCV's, by the second row
    expected = cv2.cvtColor(mosaic, getattr(cv2, f"COLOR_Bayer{name}2RGB")) / (257 if bits == 16 else 1)
    np.testing.assert_allclose(image_to_rgb(message), expected, atol=0.5)


@pytest.mark.parametrize("padding", [1, 2, 8])
@pytest.mark.parametrize("encoding", PACKED_PICTURES)
def test_the_ends_of_rows_make_no_difference(encoding, padding):
    """Whatever the step is: one that no pixel divides, too."""
    pixel = PACKED_PICTURES[encoding].channels * int(PACKED_PICTURES[encoding].dtype[1:])
    rows = np.random.default_rng(2).integers(0, 256, (6, 8 * pixel)).astype(np.uint8)
    dense, padded = (message_of(rows, encoding, width=8, padding=n) for n in (0, padding))
    np.testing.assert_array_equal(image_to_rgb(padded), image_to_rgb(dense))


def test_rgb8_is_not_copied():
    message = message_of([[1, 2, 3]], "rgb8", width=1)
    message.data[0] = 77
    assert np.shares_memory(image_to_rgb(message), np.frombuffer(message.data, np.uint8))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"encoding": "rainbow8"}, "cannot read encoding 'rainbow8': publish one of rgb8, "),
        ({"encoding": ""}, "cannot read encoding ''"),
        ({"encoding": "32FC1", "step": 8}, "cannot read encoding '32FC1': it is for depth"),
        ({"encoding": "16UC1"}, "cannot read encoding '16UC1': it is for depth"),
        ({"encoding": "16SC1"}, "cannot read encoding '16SC1': it is for depth"),
        ({"encoding": "8UC2"}, "cannot read encoding '8UC2': publish one of"),
        ({"step": 5}, "has step 5, but a row takes 6 bytes"),
        ({"height": 3}, "needs 18 bytes, but holds 12"),
        ({"height": 1}, "needs 6 bytes, but holds 12"),
        ({"data": array("B")}, "needs 12 bytes, but holds 0"),
        ({"width": 0}, "is empty"),
        ({"height": 0}, "is empty"),
        ({"width": 2**32 - 1, "height": 2**32 - 1}, "more than max_pixels"),
        ({"encoding": "yuyv", "width": 1}, "odd width"),
        ({"encoding": "bayer_rggb8"}, "at least 3x3 pixels"),
    ],
)
def test_a_bad_picture_says_what_is_wrong(settings, reason):
    message = message_of(HAND_MADE["rgb8"][0], "rgb8", width=2)
    for name, value in settings.items():
        setattr(message, name, value)
    with pytest.raises(ImageError, match=reason):
        image_to_rgb(message)


@pytest.mark.parametrize("read", [image_to_rgb, image_to_array])
def test_a_long_encoding_is_not_quoted_whole(read):
    message = message_of([[1, 2, 3]], "rgb8\n" * 2000, width=1)
    with pytest.raises(
        ImageError, match=r"cannot read encoding 'rgb8\\nrgb8\\n.*'\.\.\. \(10000 characters\)"
    ) as error:
        read(message)
    assert len(str(error.value)) < 600 and "\n" not in str(error.value)
    for shown, encoding in [("x" * 60 + "'", "x" * 60), ("x" * 60 + r"'\.\.\. \(61 characters\)", "x" * 61)]:
        with pytest.raises(ImageError, match=f"cannot read encoding '{shown}"):
            read(message_of([[1, 2, 3]], encoding, width=1))


@pytest.mark.parametrize("encoding", ["rainbow8", "nv12", ""])
def test_an_encoding_without_an_array_is_refused(encoding):
    with pytest.raises(ImageError, match=f"cannot read encoding '{encoding}' as array; use rgb8, "):
        image_to_array(message_of([[1, 2, 3]], encoding, width=1))


@pytest.mark.parametrize(("height", "width"), [(0, 2), (2, 0), (0, 0)])
def test_an_array_has_pixels(height, width):
    message = Image(height=height, width=width, step=2 * width, encoding="16UC1")
    with pytest.raises(ImageError, match=f"the {width}x{height} 16UC1 image is empty"):
        image_to_array(message)


def test_pixels_are_bounded():
    message = message_of([[1, 2, 3] * 4] * 3, "rgb8", width=4)
    assert image_to_rgb(message, max_pixels=12).shape == (3, 4, 3)
    with pytest.raises(
        ImageError, match=r"4x3 is 12 pixels, more than max_pixels \(11\): .*raise max_pixels"
    ):
        image_to_rgb(message, max_pixels=11)


@pytest.mark.parametrize(
    ("encoding", "dtype", "channels"),
    [("rgb8", np.uint8, 3), ("mono8", np.uint8, 1), ("16UC1", np.uint16, 1), ("32FC1", np.float32, 1)],
)
def test_arrays_survive_the_way_there_and_back(encoding, dtype, channels):
    shape = (5, 7, 3) if channels == 3 else (5, 7)
    values = np.random.default_rng(1).integers(0, 255, shape).astype(dtype)
    header = Header(frame_id="camera")
    message = array_to_image(values[:, ::-1], encoding, header)
    assert (message.height, message.width, message.encoding, message.header) == (5, 7, encoding, header)
    assert message.step == 7 * channels * values.itemsize
    np.testing.assert_array_equal(image_to_array(message), values[:, ::-1])


def test_an_array_of_the_wrong_type_is_refused():
    with pytest.raises(ImageError, match="16UC1 cannot hold int32"):
        array_to_image(np.zeros((2, 2), np.int32), "16UC1", Header())


def test_an_array_with_the_wrong_channels_is_refused():
    with pytest.raises(ImageError, match="rgb8 cannot hold uint8 with 4 channels"):
        array_to_image(np.zeros((2, 2, 4), np.uint8), "rgb8", Header())


def test_random_messages_are_read_or_refused():
    """Nothing but ImageError comes out of 5,000 messages of random fields that fit each other in part."""
    random = np.random.default_rng(16)
    names = [*PACKED_PICTURES, *PLANAR_PICTURES, *MEASUREMENTS, "jpeg", ""]
    read = 0
    for _ in range(5_000):
        height, width = (int(n) for n in random.integers(0, 9, 2))
        step = int(width * random.choice([0, 1, 2, 3, 4, 6, 8]) + random.choice([0, 0, 0, 1, 2]))
        size = int(height * step * random.choice([1, 1, 1, 1.5, 3])) + int(random.choice([0, 0, 0, -1, 1]))
        message = Image(height=height, width=width, step=step, encoding=str(random.choice(names)))
        message.is_bigendian = int(random.integers(0, 256))
        message.data = array("B", random.bytes(max(size, 0)))
        try:
            rgb = image_to_rgb(message)
        except ImageError:
            continue
        assert rgb.shape == (height, width, 3) and rgb.dtype == np.uint8
        read += 1
    assert read > 250


def test_a_cv_bridge_that_hangs_stops_no_image(tmp_path):
    (tmp_path / "cv_bridge.py").write_text("import time; time.sleep(1000)")
    code = (
        "from sensor_msgs.msg import Image; from eovseg_ros.messages import image_to_rgb;"
        "print(image_to_rgb(Image(height=1, width=1, step=3, encoding='bgr8', data=[3, 2, 1])).tolist())"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "[[[1, 2, 3]]]\n"
