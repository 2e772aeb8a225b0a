"""Formats as compressed_image_transport and drivers write them, with data by OpenCV and Pillow."""

import io
import zlib
from array import array

import cv2
import numpy as np
import pytest
from PIL import Image as Picture
from sensor_msgs.msg import CompressedImage

from eovseg_ros.messages.images import ImageError, image_to_rgb

RANDOM = np.random.default_rng(9)
RGB = cv2.resize(RANDOM.integers(0, 256, (3, 4, 3)).astype(np.uint8), (32, 24))
MOSAIC = RANDOM.integers(0, 256, (24, 32)).astype(np.uint8)


def encoded(extension, array_, *options):
    """A file of OpenCV's, which takes colours as BGR."""
    done, data = cv2.imencode(extension, array_, options)
    assert done
    return data.tobytes()


def read(text, data, **settings):
    return image_to_rgb(CompressedImage(format=text, data=array("B", data)), **settings)


@pytest.mark.parametrize(
    ("text", "extension", "tolerance"),
    [
        ("jpeg", ".jpg", 25),
        ("jpg", ".jpg", 25),
        ("png", ".png", 0),
        ("", ".png", 0),
        ("webp", ".webp", 0),
        ("tiff", ".tiff", 0),
        ("bmp", ".bmp", 0),
        ("jpeg", ".png", 0),  # the data decides
        ("bgr8; jpeg compressed bgr8", ".jpg", 25),
        ("rgb8; jpeg compressed bgr8", ".jpg", 25),
        ("bayer_rggb8; jpeg compressed bgr8", ".jpg", 25),  # turned into colours before
        ("rgb8; png compressed bgr8", ".png", 0),
        ("rgb8; png compressed rgb8", ".png", 0),
        ("rgba8; png compressed bgr8", ".png", 0),
        ("8UC3; png compressed ", ".png", 0),
        ("bgr8; tiff compressed ", ".tiff", 0),
    ],
)
def test_colours(text, extension, tolerance):
    options = (cv2.IMWRITE_WEBP_QUALITY, 101) if extension == ".webp" else ()
    rgb = read(text, encoded(extension, RGB[:, :, ::-1], *options))
    assert rgb.dtype == np.uint8
    np.testing.assert_allclose(rgb.astype(int), RGB, atol=tolerance)


def test_rgb_that_was_handed_to_opencv_as_bgr_is_turned_back():
    """compressed_image_transport converts before JPEG and PNG, but not before TIFF."""
    np.testing.assert_array_equal(read("rgb8; tiff compressed ", encoded(".tiff", RGB)), RGB)


@pytest.mark.parametrize(
    "text",
    [
        *("mono8; jpeg compressed mono8", "jpeg", "mono8; png compressed ", "png"),
        *("bgr8; png compressed bgr8", "bayer_unknown8; png compressed "),  # the data decides
    ],
)
def test_grey(text):
    rgb = read(text, encoded(".png", MOSAIC))
    np.testing.assert_array_equal(rgb, np.repeat(MOSAIC[:, :, None], 3, axis=2))


@pytest.mark.parametrize("text", ["mono16; png compressed ", "mono16; png compressed mono16", "png"])
def test_grey_of_16_bits_is_scaled_to_8(text):
    rgb = read(text, encoded(".png", np.array([[0, 0x1234], [0x3412, 65535]], np.uint16)))
    np.testing.assert_array_equal(rgb, np.repeat([[[0], [18]], [[52], [255]]], 3, axis=2))


def test_colours_of_16_bits_are_scaled_to_8():
    values = np.array([[[0, 0x1234, 65535], [0x8000, 0x3412, 0x00FF]]], np.uint16)
    for text in ("rgb16; png compressed bgr16", "png"):
        rgb = read(text, encoded(".png", values[:, :, ::-1]))
        np.testing.assert_allclose(rgb.astype(int), values / 257, atol=1)


@pytest.mark.parametrize(
    "form", ["{}; png compressed {}", "{}; png compressed ", "{}; png compressed", "{};png compressed {}"]
)
@pytest.mark.parametrize(
    ("pattern", "code"), [("rggb", "RGGB"), ("bggr", "BGGR"), ("gbrg", "GBRG"), ("grbg", "GRBG")]
)
def test_mosaics_are_demosaiced(form, pattern, code):
    expected = cv2.cvtColor(MOSAIC, getattr(cv2, f"COLOR_Bayer{code}2RGB"))
    name = f"bayer_{pattern}8"
    np.testing.assert_array_equal(read(form.format(name, name), encoded(".png", MOSAIC)), expected)


def test_mosaics_of_16_bits_are_demosaiced():
    mosaic = MOSAIC.astype(np.uint16) * 256
    expected = cv2.cvtColor(mosaic, cv2.COLOR_BayerRGGB2RGB) / 257
    rgb = read("bayer_rggb16; png compressed ", encoded(".png", mosaic))
    np.testing.assert_allclose(rgb, expected, atol=0.5)


def test_a_uniform_mosaic_gives_its_colour():
    """Red 200, green 100, blue 20 behind rows RG and GB."""
    mosaic = np.tile(np.array([[200, 100], [100, 20]], np.uint8), (4, 4))
    rgb = read("bayer_rggb8; png compressed bayer_rggb8", encoded(".png", mosaic))
    np.testing.assert_array_equal(rgb[2:-2, 2:-2], np.tile([200, 100, 20], (4, 4, 1)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("16UC1; png compressed 16UC1", "contains 16UC1, which is for depth"),
        ("16UC1; png compressed ", "contains 16UC1, which is for depth"),
        ("16UC1; jpeg compressed mono8", "contains 16UC1, which is for depth"),
        ("32FC1; tiff compressed ", "contains 32FC1, which is for depth"),
        ("16UC1; compressedDepth png", "compressed depth"),
        ("32FC1; compressedDepth rvl", "compressed depth"),
        ("16UC1; compressedDepth", "compressed depth"),
        ("h264", "video stream"),
        ("H264", "video stream"),
        ("h.264", "video stream"),
        ("h265", "video stream"),
        ("hevc", "video stream"),
        ("hevc_nvenc", "video stream"),
        ("libx264", "video stream"),
        ("av1", "video stream"),
        ("libaom-av1", "video stream"),
        ("vp9", "video stream"),
        ("theora", "video stream"),
        ("h264;yuv420p;bgr8;rgb8", "video stream"),
        ("bgr8; h264", "video stream"),
        ("zstd", "another image transport"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(text, reason):
    """Even where the data could be decoded; the remedy stands behind the colon."""
    with pytest.raises(ImageError, match=f"^format '{text}' .*{reason}.*: (use|decode) "):
        read(text, encoded(".png", MOSAIC))


@pytest.mark.parametrize("data", [b"", b"no picture at all", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"])
def test_broken_data_says_so(data):
    with pytest.raises(ImageError, match=f"cannot decompress {len(data)} bytes of format 'jpeg': ."):
        read("jpeg", data)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("extension", [".jpg", ".png", ".tiff", ".webp", ".bmp"])
def test_half_of_a_picture_is_refused(extension):
    data = encoded(extension, RGB)
    with pytest.raises(ImageError, match="cannot decompress"):
        read("jpeg", data[: len(data) // 2])


def test_a_long_format_is_not_quoted_whole():
    with pytest.raises(ImageError) as error:
        read("jpeg" * 2500, b"no picture")
    assert "(10000 characters)" in str(error.value) and len(str(error.value)) < 400


@pytest.mark.parametrize("extension", ["JPEG", "TIFF"])
def test_the_orientation_of_a_camera_is_not_applied(extension):
    """CameraInfo and the header's frame are of the sensor's image."""
    exif = Picture.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Picture.fromarray(RGB).save(stream, extension, exif=exif)
    assert read("jpeg", stream.getvalue()).shape == RGB.shape


@pytest.mark.parametrize(("height", "width"), [(12_000, 12_000), (40_000, 40_000), (2**31 - 1, 2**31 - 1)])
def test_the_header_is_read_before_decoding(height, width):
    """A PNG that is only a header: decoding it would fail by another reason."""
    fields = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    chunk = b"IHDR" + fields
    data = b"\x89PNG\r\n\x1a\n\0\0\0\r" + chunk + zlib.crc32(chunk).to_bytes(4, "big") + b"\0\0\0\0IDAT"
    pixels = height * width
    with pytest.raises(
        ImageError, match=rf"{width}x{height} is {pixels} pixels, more than max_pixels \(33177600\)"
    ):
        read("png", data)


@pytest.mark.parametrize("extension", [".jpg", ".png", ".tiff", ".webp", ".bmp"])
def test_pixels_are_bounded_in_every_format(extension):
    data = encoded(extension, RGB)
    assert read("", data, max_pixels=24 * 32).shape == (24, 32, 3)
    with pytest.raises(
        ImageError, match=r"32x24 is 768 pixels, more than max_pixels \(767\): .*raise max_pixels"
    ):
        read("", data, max_pixels=24 * 32 - 1)


@pytest.mark.filterwarnings("ignore")  # of Pillow, about the metadata of broken files
def test_random_data_is_read_or_refused():
    """Nothing but ImageError comes out of pictures with bytes changed, cut out or doubled."""
    files = []
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "GIF", "JPEG2000"):
        stream = io.BytesIO()
        Picture.fromarray(RGB[:12, :16]).save(stream, kind)
        files.append(stream.getvalue())
    formats = [
        "jpeg",
        "bayer_rggb8; png compressed ",
        "16UC1; png compressed ",
        "rgb8; tiff compressed ",
        "h264",
    ]
    read_count = 0
    for i in range(3000):
        data = bytearray(files[i % len(files)])
        for _ in range(int(RANDOM.integers(0, 6))):
            place = int(RANDOM.integers(0, max(1, min(len(data), 10 ** int(RANDOM.integers(1, 5))))))
            match int(RANDOM.integers(0, 4)):
                case 0 | 1:
                    data[place : place + 1] = RANDOM.bytes(1)
                case 2:
                    del data[place : place + int(RANDOM.integers(0, 50))]
                case 3:
                    data[place:place] = data[place : place + 20]
        try:
            rgb = read(formats[i % 5], data, max_pixels=1000)
        except ImageError:
            continue
        assert rgb.ndim == 3 and rgb.shape[2] == 3 and rgb.dtype == np.uint8
        read_count += 1
    assert read_count > 250
