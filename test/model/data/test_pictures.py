"""The reader of picture files, on files made by Pillow and by OpenCV."""

import os
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from eovseg_model.data import MAX_PIXELS, PictureError, decode_picture, read_picture

RGB = np.random.default_rng(4).integers(0, 256, (6, 8, 3)).astype(np.uint8)
GREY = RGB[:, :, 0]
GREY_RGB = np.repeat(GREY[:, :, None], 3, axis=2)
SIXTEEN = np.array([[0, 0x1234, 0x3412], [257, 0xFF00, 65535]], np.uint16)
SIXTEEN_RGB = np.repeat([[[0], [18], [52]], [[1], [254], [255]]], 3, axis=2)


def by_pillow(path, array, mode=None, **options):
    Image.fromarray(array).convert(mode).save(path, **options)
    return read_picture(path)


def by_opencv(path, array, *options):
    """OpenCV takes colours as BGR."""
    flipped = np.ascontiguousarray(array[:, :, [2, 1, 0, 3][: array.shape[2]]]) if array.ndim == 3 else array
    assert cv2.imwrite(str(path), flipped, options)
    return read_picture(path)


@pytest.mark.parametrize("kind", ["png", "bmp", "tif", "ppm", "webp", "gif", "jp2"])
def test_colours_by_pillow(kind, tmp_path):
    few = RGB // 128 * 255  # colours that GIF's palette has
    array = few if kind == "gif" else RGB
    options = {"webp": {"lossless": True}, "jp2": {"irreversible": False}}.get(kind, {})
    np.testing.assert_array_equal(by_pillow(tmp_path / f"a.{kind}", array, **options), array)


@pytest.mark.parametrize("kind", ["png", "bmp", "tif", "ppm"])
def test_colours_by_opencv(kind, tmp_path):
    np.testing.assert_array_equal(by_opencv(tmp_path / f"a.{kind}", RGB), RGB)


@pytest.mark.parametrize("write", [by_pillow, by_opencv])
def test_jpeg(write, tmp_path):
    flat = np.full((16, 16, 3), (200, 100, 20), np.uint8)
    np.testing.assert_allclose(write(tmp_path / "a.jpg", flat).astype(int), flat, atol=2)


@pytest.mark.parametrize("write", [by_pillow, by_opencv])
@pytest.mark.parametrize("kind", ["png", "tif", "pgm", "bmp"])
def test_grey(kind, write, tmp_path):
    np.testing.assert_array_equal(write(tmp_path / f"a.{kind}", GREY), GREY_RGB)


@pytest.mark.parametrize("kind", ["png", "tif", "pgm"])
def test_grey_of_16_bits_is_scaled_to_8(kind, tmp_path):
    """0x1234 is 4660, and 4660 / 257 is 18.1."""
    np.testing.assert_array_equal(by_opencv(tmp_path / f"a.{kind}", SIXTEEN), SIXTEEN_RGB)
    mode = "I" if kind == "pgm" else None  # older ones of Pillow write no other
    np.testing.assert_array_equal(by_pillow(tmp_path / f"b.{kind}", SIXTEEN, mode), SIXTEEN_RGB)


def test_grey_of_16_bits_with_the_high_byte_first(tmp_path):
    Image.fromarray(SIXTEEN.astype(">u2")).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif"), SIXTEEN_RGB)


@pytest.mark.parametrize("kind", ["png", "tif", "ppm"])
def test_colours_of_16_bits_are_scaled_to_8(kind, tmp_path):
    values = np.array([[[0, 0x1234, 65535], [0x8000, 0x3412, 0x00FF]]], np.uint16)
    np.testing.assert_allclose(by_opencv(tmp_path / f"a.{kind}", values).astype(int), values / 257, atol=1)


@pytest.mark.parametrize("write", [by_pillow, by_opencv])
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_alpha_is_left_out(kind, write, tmp_path):
    alpha = np.dstack([RGB, np.arange(48, dtype=np.uint8).reshape(6, 8)])
    np.testing.assert_array_equal(write(tmp_path / f"a.{kind}", alpha), RGB)


def test_alpha_of_grey_and_of_16_bits_is_left_out(tmp_path):
    np.testing.assert_array_equal(by_pillow(tmp_path / "a.png", GREY, "LA"), GREY_RGB)
    values = np.full((2, 2, 4), (0, 0x1234, 0xFF00, 77), np.uint16)
    np.testing.assert_allclose(by_opencv(tmp_path / "b.png", values)[0, 0], [0, 18, 254], atol=1)


def test_a_palette_with_a_transparent_colour(tmp_path):
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putdata([0, 1])
    palette.save(tmp_path / "a.png", transparency=1)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), [[[10, 20, 30], [200, 100, 50]]])


def test_one_bit(tmp_path):
    bits = np.array([[0, 255, 255], [255, 0, 0]], np.uint8)
    expected = np.repeat(bits[:, :, None], 3, axis=2)
    for kind in ("png", "tif", "pbm"):
        np.testing.assert_array_equal(by_pillow(tmp_path / f"a.{kind}", bits, "1"), expected)


@pytest.mark.parametrize(("kind", "tolerance"), [("tif", 0), ("jpg", 3)])
def test_cmyk(kind, tolerance, tmp_path):
    """No cyan, half magenta, full yellow, no black."""
    inks = Image.new("CMYK", (16, 16), (0, 128, 255, 0))
    inks.save(tmp_path / f"a.{kind}")
    np.testing.assert_allclose(read_picture(tmp_path / f"a.{kind}")[8, 8], [255, 127, 0], atol=tolerance)


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, (0, 0)), (2, (0, 1)), (3, (1, 1)), (4, (1, 0)), (6, (0, 1)), (8, (1, 0))]
)
def test_orientation_is_respected_unless_told_otherwise(kind, orientation, corner, tmp_path):
    """The stored picture is white in the corner at the top and left; `corner` is where it is to be seen."""
    stored = np.zeros((32, 48, 3), np.uint8)
    stored[:16, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{kind}"
    Image.fromarray(stored).save(path, exif=exif)
    upright = read_picture(path)
    assert upright.shape[:2] == ((48, 32) if orientation > 4 else (32, 48))
    quarters = upright[8::16, 8::16, 0] > 128
    assert np.argwhere(quarters).tolist() == [
        [corner[0] * (quarters.shape[0] - 1), corner[1] * (quarters.shape[1] - 1)]
    ]
    for as_stored in (read_picture(path, upright=False), decode_picture(path.read_bytes())):
        np.testing.assert_allclose(as_stored.astype(int), stored, atol=8)


def test_grey_of_16_bits_is_turned_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn to the right
    Image.fromarray(SIXTEEN).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png")[:, :, 0], [[1, 0], [254, 18], [255, 52]])


@pytest.mark.parametrize("kind", ["png", "webp"])
@pytest.mark.parametrize("exif", [b"Exif\0\0no TIFF header", b"Exif\0\0II*\0"])
def test_broken_exif_data_leaves_the_picture_as_it_is(kind, exif, tmp_path):
    path = tmp_path / f"a.{kind}"
    Image.new("RGB", (16, 8)).save(path, exif=exif)
    with pytest.warns(UserWarning, match=rf"a\.{kind} has invalid EXIF data and is not rotated"):
        assert read_picture(path).shape == (8, 16, 3)


@pytest.mark.parametrize("kind", ["gif", "webp", "png", "tif"])
def test_of_several_pictures_the_first_is_read_and_it_is_said(kind, tmp_path):
    first, second = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    options = {"lossless": True} if kind == "webp" else {}
    first.save(tmp_path / f"a.{kind}", save_all=True, append_images=[second], **options)
    with pytest.warns(UserWarning, match=rf"a\.{kind} contains several images; only the first is read"):
        picture = read_picture(tmp_path / f"a.{kind}")
    np.testing.assert_array_equal(picture, np.full((8, 8, 3), (255, 0, 0)))


@pytest.mark.parametrize("write", [by_pillow, by_opencv])
def test_floating_point_from_0_to_1(write, tmp_path):
    values = np.array([[0, 0.25, 1]], np.float32)
    np.testing.assert_array_equal(write(tmp_path / "a.tif", values)[0, :, 0], [0, 64, 255])
    grey = decode_picture((tmp_path / "a.tif").read_bytes())
    assert (grey.dtype, grey.tolist()) == (np.uint16, [[0, 16384, 65535]])  # 0.25 * 65535 = 16383.75


@pytest.mark.parametrize("write", [by_pillow, by_opencv])
@pytest.mark.parametrize("worst", [2.5, -0.1, np.nan, np.inf])
def test_other_floating_point_values_are_refused(worst, write, tmp_path):
    with pytest.raises(
        PictureError, match=r"a\.tif: .* must be from 0 to 1; got .*; convert the image to 8 or 16 bits"
    ):
        write(tmp_path / "a.tif", np.array([[0.5, worst]], np.float32))


def test_kinds_that_pillow_cannot_read_are_refused(tmp_path):
    with pytest.raises(PictureError, match=r"cannot read .*a\.tif: damaged or not supported: ."):
        by_opencv(tmp_path / "a.tif", np.full((2, 2, 3), 0.5, np.float32))
    with pytest.raises(PictureError, match=r"b\.tif: the values are 32-bit or signed numbers"):
        by_pillow(tmp_path / "b.tif", np.full((2, 2), 100_000, np.int32))


@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "webp", "bmp", "gif", "ppm", "jp2"])
@pytest.mark.filterwarnings("ignore")  # of Pillow, about the metadata of broken files
def test_a_truncated_file_is_named(kind, tmp_path):
    path = tmp_path / f"a.{kind}"
    Image.fromarray(np.kron(RGB, np.ones((8, 8, 1), np.uint8))).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 5])
    with pytest.raises(PictureError, match=rf"cannot read .*a\.{kind}: damaged"):
        read_picture(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"not a picture", "not an image of a supported format"),
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            "not an image of a supported format",
        ),  # starts gs
        (b"\xff\xd8\xff\xe0", "damaged"),
        (b"RIFF\0\0\0\0WAVEfmt ", "damaged"),
    ],
)
def test_what_is_no_picture_is_named(content, reason, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(PictureError, match=rf"cannot read .*a\.png: {reason}"):
        read_picture(tmp_path / "a.png")


def test_what_is_no_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (
        ("missing.png", "file not found"),
        (".", "not a file"),
        ("pipe", "not a file"),
    ):
        with pytest.raises(PictureError, match=f"cannot read .*: {reason}"):
            read_picture(tmp_path / name)


def png(width, height, bits=8, colour=2):
    """A PNG of black pixels."""

    def chunk(kind, content):
        return (
            len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
        )

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bits, colour, 0, 0, 0])
    row = bytes(1 + (width * bits * (3 if colour == 2 else 1) + 7) // 8)
    packer = zlib.compressobj(9)
    content = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_by_its_header(tmp_path):
    """18 kB that would take gigabytes; nothing of it is decoded."""
    path = tmp_path / "bomb.png"
    path.write_bytes(png(12_000, 12_000, bits=1, colour=0))
    tracemalloc.start()
    try:
        with pytest.raises(
            PictureError, match=r"bomb\.png: 12000x12000 is 144000000 pixels.*max_pixels \(33177600\)"
        ):
            read_picture(path)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0)])
def test_a_picture_without_pixels_is_refused(width, height):
    with pytest.raises(PictureError, match="damaged or not supported"):
        decode_picture(png(width, height))


def test_the_bound_is_the_callers(tmp_path):
    assert MAX_PIXELS == 7680 * 4320
    path = tmp_path / "a.png"
    Image.fromarray(RGB).save(path)
    assert read_picture(path, max_pixels=48).shape == RGB.shape
    with pytest.raises(
        PictureError, match=r"8x6 is 48 pixels, more than max_pixels \(47\): scale .* or raise max_pixels"
    ):
        read_picture(path, max_pixels=47)


def test_pillows_own_bound_is_not_in_the_way(tmp_path, monkeypatch):
    """Pillow warns of 89 megapixels and refuses 179, in words that name no parameter of ours."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    (tmp_path / "a.png").write_bytes(png(8, 6))
    assert read_picture(tmp_path / "a.png").shape == (6, 8, 3)
