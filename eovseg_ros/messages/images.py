"""Images between ROS messages and numpy arrays: one function each way."""

import functools
import subprocess
import sys
from typing import NamedTuple

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header


class ImageError(ValueError):
    """An image message that cannot be read; the text says what is wrong with it."""


class _Encoding(NamedTuple):
    dtype: str
    channels: int
    to_rgb: int | None  # OpenCV colour conversion; None: not a picture, or RGB already


_ENCODINGS = {
    "rgb8": _Encoding("u1", 3, None),
    "bgr8": _Encoding("u1", 3, cv2.COLOR_BGR2RGB),
    "rgba8": _Encoding("u1", 4, cv2.COLOR_RGBA2RGB),
    "bgra8": _Encoding("u1", 4, cv2.COLOR_BGRA2RGB),
    "mono8": _Encoding("u1", 1, cv2.COLOR_GRAY2RGB),
    "mono16": _Encoding("u2", 1, cv2.COLOR_GRAY2RGB),
    "yuv422": _Encoding("u1", 2, cv2.COLOR_YUV2RGB_UYVY),
    "uyvy": _Encoding("u1", 2, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422_yuy2": _Encoding("u1", 2, cv2.COLOR_YUV2RGB_YUY2),
    "yuyv": _Encoding("u1", 2, cv2.COLOR_YUV2RGB_YUY2),
    "bayer_rggb8": _Encoding("u1", 1, cv2.COLOR_BayerRGGB2RGB),
    "bayer_bggr8": _Encoding("u1", 1, cv2.COLOR_BayerBGGR2RGB),
    "bayer_gbrg8": _Encoding("u1", 1, cv2.COLOR_BayerGBRG2RGB),
    "bayer_grbg8": _Encoding("u1", 1, cv2.COLOR_BayerGRBG2RGB),
    "bayer_rggb16": _Encoding("u2", 1, cv2.COLOR_BayerRGGB2RGB),
    "bayer_bggr16": _Encoding("u2", 1, cv2.COLOR_BayerBGGR2RGB),
    "bayer_gbrg16": _Encoding("u2", 1, cv2.COLOR_BayerGBRG2RGB),
    "bayer_grbg16": _Encoding("u2", 1, cv2.COLOR_BayerGRBG2RGB),
    "16UC1": _Encoding("u2", 1, None),
    "32FC1": _Encoding("f4", 1, None),
}
_NOT_BY_CV_BRIDGE = ("uyvy", "yuyv")  # names that it does not know; rows with padding it can shear
PICTURES = tuple(
    name for name, encoding in _ENCODINGS.items() if encoding.to_rgb is not None or name == "rgb8"
)


def image_to_rgb(message: Image | CompressedImage) -> np.ndarray:
    """Read a picture, by cv_bridge where that is there and right, by OpenCV otherwise.

    Returns:
        (H, W, 3) uint8 RGB; a view of the message's data, padding cut off, where it is rgb8 already.

    Raises:
        ImageError: the size, step, encoding or data of the message is not usable.
    """
    if isinstance(message, CompressedImage):
        return _decode(message)
    if message.encoding not in PICTURES:
        raise ImageError(f"cannot read encoding '{message.encoding}': publish one of {', '.join(PICTURES)}")
    array = image_to_array(message)
    if message.encoding == "rgb8":
        return array
    if _ENCODINGS[message.encoding].channels == 2 and message.width % 2:
        raise ImageError(f"{_describe(message)} has an odd width: its encoding stores pixels in pairs")
    dense = message.step == array.strides[1] * message.width
    if dense and message.encoding not in _NOT_BY_CV_BRIDGE and cv_bridge_works():
        from cv_bridge import CvBridge

        return CvBridge().imgmsg_to_cv2(message, "rgb8")
    return _convert(array, _ENCODINGS[message.encoding])


def image_to_array(message: Image) -> np.ndarray:
    """View the data of an image as it is, through its `step` and byte order.

    Returns:
        (H, W) or (H, W, channels) of the encoding's type, in the machine's byte order.

    Raises:
        ImageError: the size, step, encoding or data of the message is not usable.
    """
    encoding = _ENCODINGS.get(message.encoding)
    if encoding is None:
        raise ImageError(f"cannot read encoding '{message.encoding}': publish one of {', '.join(_ENCODINGS)}")
    height, width = message.height, message.width
    dtype = np.dtype(encoding.dtype).newbyteorder(">" if message.is_bigendian else "<")
    row = width * encoding.channels * dtype.itemsize
    if height == 0 or width == 0:
        raise ImageError(f"{_describe(message)} is empty")
    if message.step < row:
        raise ImageError(f"{_describe(message)} has step {message.step}, but a row takes {row} bytes")
    if len(message.data) < height * message.step:
        raise ImageError(
            f"{_describe(message)} with step {message.step} needs {height * message.step} bytes, "
            f"but holds {len(message.data)}"
        )
    array: np.ndarray = np.ndarray(
        (height, width, encoding.channels),
        dtype,
        buffer=message.data,
        strides=(message.step, encoding.channels * dtype.itemsize, dtype.itemsize),
    )
    native = array.astype(dtype.newbyteorder("="), copy=False)
    return native[:, :, 0] if encoding.channels == 1 else native


def array_to_image(array: np.ndarray, encoding: str, header: Header) -> Image:
    """Write an array into a new message, copying its bytes once.

    Args:
        array: (H, W) or (H, W, channels) of the type that the encoding names.

    Raises:
        ImageError: the array does not have the encoding's type or channels.
    """
    expected = _ENCODINGS[encoding]
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.dtype(expected.dtype) or channels != expected.channels:
        raise ImageError(f"{encoding} cannot hold {array.dtype} with {channels} channels")
    array = np.ascontiguousarray(array)
    message = Image(header=header, height=array.shape[0], width=array.shape[1], encoding=encoding)
    message.is_bigendian = int(sys.byteorder == "big")
    message.step = array.strides[0]
    message.data.frombytes(array.data.cast("B"))
    return message


@functools.cache
def cv_bridge_works() -> bool:
    """Whether cv_bridge is there and survives a conversion; tried in a child, as a broken one may crash."""
    probe = (
        "from cv_bridge import CvBridge; from sensor_msgs.msg import Image; import array;"
        "m = Image(height=2, width=2, step=6, encoding='bgr8', data=array.array('B', range(12)));"
        "assert CvBridge().imgmsg_to_cv2(m, 'rgb8')[0, 0, 0] == 2"
    )
    return subprocess.run([sys.executable, "-c", probe], check=False, capture_output=True).returncode == 0


def _convert(array: np.ndarray, encoding: _Encoding) -> np.ndarray:
    """Turn the raw channels of a picture into (H, W, 3) uint8 RGB by OpenCV."""
    assert encoding.to_rgb is not None
    aligned = np.require(array, requirements="A")  # OpenCV takes the step for a multiple of the type's size
    rgb = cv2.cvtColor(aligned, encoding.to_rgb)
    return rgb if rgb.dtype == np.uint8 else cv2.convertScaleAbs(rgb, alpha=255 / 65535)


def _decode(message: CompressedImage) -> np.ndarray:
    """Decompress JPEG, PNG and what else OpenCV knows to (H, W, 3) uint8 RGB."""
    data = np.frombuffer(message.data, np.uint8)
    bgr = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION) if data.size else None
    if bgr is None:
        raise ImageError(f"cannot decompress {data.size} bytes of format '{message.format}'")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _describe(message: Image) -> str:
    return f"the {message.width}x{message.height} {message.encoding} image"
