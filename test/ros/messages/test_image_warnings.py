import pytest
from sensor_msgs.msg import CompressedImage, Image

from eovseg_ros.messages import image_warning


@pytest.mark.parametrize(
    ("encoding", "order"),
    [
        ("8UC3", "BGR."),
        ("8UC4", "BGRA."),
        ("16UC3", "BGR."),
        ("16UC4", "BGRA."),
        ("yuv420", "I420"),
        ("YUV420", "I420"),
    ],
)
def test_a_guessed_order_of_channels_is_told(encoding, order):
    for message in (Image(encoding=encoding), CompressedImage(format=f"{encoding}; png compressed ")):
        assert f"read as {order}" in image_warning(message)


@pytest.mark.parametrize(
    "encoding", ["rgb8", "mono8", "8UC1", "nv12", "i420", "uyvy", "rainbow8", "8UC3" * 999, ""]
)
def test_what_is_sure_or_refused_gets_no_warning(encoding):
    assert image_warning(Image(encoding=encoding)) == ""


@pytest.mark.parametrize("raw", ["yuv422_yuy2", "yuv422", "bayer_rggb8", "bgr8", "bayer_grbg16"])
def test_lost_colours_are_told(raw):
    message = CompressedImage(format=f"{raw}; jpeg compressed mono8")
    assert f"{raw} images were compressed to mono8 and lost their colours" in image_warning(message)


@pytest.mark.parametrize(
    "text",
    [
        "jpeg",
        "png",
        "",
        ";",
        "mono8; jpeg compressed mono8",
        "mono16; jpeg compressed mono8",
        "8UC1; png compressed ",
        "bgr8; jpeg compressed bgr8",
        "bayer_rggb8; png compressed ",
        "rainbow8; jpeg compressed mono8",
        "x" * 10_000 + "; jpeg compressed mono8",
    ],
)
def test_formats_that_lose_nothing_get_no_warning(text):
    assert image_warning(CompressedImage(format=text)) == ""
