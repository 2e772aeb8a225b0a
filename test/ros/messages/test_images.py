import sys
import types
from array import array

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from eovseg_ros.messages import images
from eovseg_ros.messages.images import (
    PICTURES,
    ImageError,
    array_to_image,
    cv_bridge_works,
    image_to_array,
    image_to_rgb,
)

# Two rows of two pixels, and what they are in RGB.
HAND_MADE = {
    "rgb8": (
        [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]],
        [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]],
    ),
    "bgr8": (
        [[3, 2, 1, 6, 5, 4], [9, 8, 7, 12, 11, 10]],
        [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]],
    ),
    "rgba8": (
        [[1, 2, 3, 99, 4, 5, 6, 99], [7, 8, 9, 99, 10, 11, 12, 99]],
        [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]],
    ),
    "bgra8": (
        [[3, 2, 1, 99, 6, 5, 4, 99], [9, 8, 7, 99, 12, 11, 10, 99]],
        [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]],
    ),
    "mono8": ([[1, 2], [3, 250]], [[[1] * 3, [2] * 3], [[3] * 3, [250] * 3]]),
    # Y of 16 is black and of 235 white; the chroma of 128 is grey. Each pair of pixels shares U and V.
    "yuv422": ([[128, 16, 128, 235], [128, 235, 128, 16]], [[[0] * 3, [255] * 3], [[255] * 3, [0] * 3]]),
    "uyvy": ([[128, 16, 128, 235], [128, 235, 128, 16]], [[[0] * 3, [255] * 3], [[255] * 3, [0] * 3]]),
    "yuv422_yuy2": ([[16, 128, 235, 128], [235, 128, 16, 128]], [[[0] * 3, [255] * 3], [[255] * 3, [0] * 3]]),
    "yuyv": ([[16, 128, 235, 128], [235, 128, 16, 128]], [[[0] * 3, [255] * 3], [[255] * 3, [0] * 3]]),
}
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
    values = np.array([[0, 257], [32896, 65535]], ">u2" if big_endian else "<u2")
    rows = [row.tobytes() for row in values]
    rgb = image_to_rgb(message_of(rows, "mono16", width=2, padding=2, big_endian=big_endian))
    np.testing.assert_array_equal(rgb[:, :, 0], [[0, 1], [128, 255]])


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


@pytest.mark.parametrize("padding", [1, 2, 8])
@pytest.mark.parametrize("encoding", PICTURES)
def test_the_ends_of_rows_make_no_difference(encoding, padding):
    """Whatever the step is: one that no pixel divides, too."""
    pixel = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1}.get(
        encoding, 1 if encoding[-1] == "8" else 2
    )
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
        ({"encoding": "rainbow8"}, "cannot read encoding 'rainbow8'"),
        ({"encoding": "32FC1", "step": 8}, "cannot read encoding '32FC1'"),
        ({"step": 5}, "has step 5, but a row takes 6 bytes"),
        ({"height": 3}, "needs 18 bytes, but holds 12"),
        ({"width": 0}, "is empty"),
        ({"height": 0}, "is empty"),
        ({"encoding": "yuyv", "width": 1}, "odd width"),
    ],
)
def test_a_bad_picture_says_what_is_wrong(settings, reason):
    message = message_of(HAND_MADE["rgb8"][0], "rgb8", width=2)
    for name, value in settings.items():
        setattr(message, name, value)
    with pytest.raises(ImageError, match=reason):
        image_to_rgb(message)


@pytest.mark.parametrize("extension", [".png", ".jpg"])
def test_compressed_pictures(extension):
    rgb = np.full((16, 16, 3), (200, 100, 20), np.uint8)
    _, data = cv2.imencode(extension, rgb[:, :, ::-1])
    message = CompressedImage(format=extension[1:], data=data.tobytes())
    np.testing.assert_allclose(image_to_rgb(message), rgb, atol=2)


@pytest.mark.parametrize("data", [b"", b"no picture at all"])
def test_a_broken_compressed_picture_says_so(data):
    with pytest.raises(ImageError, match=f"cannot decompress {len(data)} bytes of format 'jpeg'"):
        image_to_rgb(CompressedImage(format="jpeg", data=data))


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


def test_cv_bridge_that_crashes_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "cv_bridge.py").write_text("import os; os.abort()")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    cv_bridge_works.cache_clear()
    try:
        assert not cv_bridge_works()
    finally:
        cv_bridge_works.cache_clear()


@pytest.mark.parametrize(
    ("encoding", "padding", "by_cv_bridge"),
    [
        ("bgr8", 0, True),
        ("bgr8", 2, False),  # it takes step / channels for the width
        ("mono8", 0, True),
        ("yuv422", 0, True),
        ("uyvy", 0, False),  # it does not know the name
        ("yuyv", 0, False),
    ],
)
def test_cv_bridge_gets_what_it_reads_right(encoding, padding, by_cv_bridge, monkeypatch):
    class CvBridge:
        def imgmsg_to_cv2(self, message, encoding):
            return f"{message.encoding} to {encoding}"

    monkeypatch.setitem(sys.modules, "cv_bridge", types.SimpleNamespace(CvBridge=CvBridge))
    monkeypatch.setattr(images, "cv_bridge_works", lambda: True)
    row = [1, 2, 3, 4, 5, 6] if encoding == "bgr8" else [1, 2] if encoding == "mono8" else [1, 2, 3, 4]
    found = image_to_rgb(message_of([row], encoding, width=2, padding=padding))
    assert isinstance(found, str) == by_cv_bridge


@pytest.mark.skipif(not cv_bridge_works(), reason="cv_bridge is not on PyPI")
@pytest.mark.parametrize("encoding", [name for name in PICTURES if not name.startswith("bayer")])
def test_opencv_and_cv_bridge_agree(encoding, monkeypatch):
    bytes_per_pixel = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1}.get(encoding, 2)
    rows = np.random.default_rng(2).integers(0, 256, (6, 8 * bytes_per_pixel)).astype(np.uint8)
    with_either = image_to_rgb(message_of(rows, encoding, width=8))
    monkeypatch.setattr(images, "cv_bridge_works", lambda: False)
    by_opencv = image_to_rgb(message_of(rows, encoding, width=8))
    np.testing.assert_allclose(with_either, by_opencv, atol=1)
