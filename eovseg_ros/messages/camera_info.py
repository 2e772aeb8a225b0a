"""Conversion of sensor_msgs/CameraInfo to the model of a camera."""

from functools import lru_cache
from typing import TYPE_CHECKING

from eovseg_model.geometry import CameraModel, GeometryError

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo, RegionOfInterest

# OpenCV has one order of coefficients for both models, and their number tells which it is. Some drivers
# publish 8 as plumb_bob.
_OPENCV_MODELS = ("plumb_bob", "rational_polynomial")
_MODEL_OF = {4: "plumb_bob", 5: "plumb_bob"} | dict.fromkeys((8, 12, 14), "rational_polynomial")
_LARGEST_RATIO = 1e4  # of focal length, or of the distance of the optical centre, to the image's size


def camera_model(message: "CameraInfo", *, rectified: bool) -> CameraModel:
    """Return the camera of the image that a CameraInfo describes; the same object for the same calibration.

    The image is the region `roi` of the sensor's image, of which `binning_x` x `binning_y` pixels are one.

    Args:
        rectified: The image is rectified: use `p`, without distortion, instead of `k` and `d`.

    Raises GeometryError for a camera that is not calibrated and for what CameraModel does not support.
    """
    roi = message.roi
    return _camera_model(
        size=(message.width, message.height),
        matrix=tuple(message.p[:3]) + tuple(message.p[4:7]) if rectified else tuple(message.k[:6]),
        d=() if rectified else tuple(message.d),
        distortion_model="" if rectified else _distortion_model(message),
        region=_region(roi, message.width, message.height),
        binning=(max(message.binning_x, 1), max(message.binning_y, 1)),
        rectified=rectified,
    )


def _distortion_model(message: "CameraInfo") -> str:
    name: str = message.distortion_model
    return _MODEL_OF.get(len(message.d), name) if name in _OPENCV_MODELS else name


def _region(roi: "RegionOfInterest", width: int, height: int) -> tuple[int, int, int, int]:
    """Return x, y, width and height; a roi without pixels stands for the whole image."""
    if roi.width == 0 or roi.height == 0:
        return 0, 0, width, height
    return roi.x_offset, roi.y_offset, roi.width, roi.height


@lru_cache(maxsize=64)  # calibrations; at least one a camera, because a CameraModel keeps its rays
def _camera_model(
    *,
    size: tuple[int, int],
    matrix: tuple[float, ...],  # two rows
    d: tuple[float, ...],
    distortion_model: str,
    region: tuple[int, int, int, int],
    binning: tuple[int, int],
    rectified: bool,
) -> CameraModel:
    fx, _, cx, _, fy, cy = matrix
    x, y, width, height = region
    if rectified and not (fx > 0 and fy > 0):
        raise GeometryError(
            f"p of camera_info has fx={fx:g} and fy={fy:g}: the camera is not calibrated for rectified "
            "images; calibrate it, or set rectified:=false if the images are as the camera took them"
        )
    if x + width > size[0] or y + height > size[1]:
        raise GeometryError(
            f"roi of camera_info ({width}x{height} pixels at {x}, {y}) exceeds its {size[0]}x{size[1]} "
            "pixels; correct the driver's camera_info"
        )
    if not _plausible(fx, fy, cx, cy, size):
        raise GeometryError(
            f"{'p' if rectified else 'k'} of camera_info has fx={fx:g}, fy={fy:g}, cx={cx:g}, cy={cy:g}, "
            f"which is no camera of {size[0]}x{size[1]} pixels; calibrate it"
        )
    # k and p are of the whole sensor. The centre of a binned pixel is between those of its pixels.
    columns, rows = binning
    cx, cy = (cx - x + 0.5) / columns - 0.5, (cy - y + 0.5) / rows - 0.5
    return CameraModel(
        width=width // columns,
        height=height // rows,
        k=(fx / columns, 0.0, cx, 0.0, fy / rows, cy, 0.0, 0.0, 1.0),
        d=d,
        distortion_model=distortion_model,
    )


def _plausible(fx: float, fy: float, cx: float, cy: float, size: tuple[int, int]) -> bool:
    """Return False for numbers with which the geometry would overflow."""
    largest, smallest = max(size) * _LARGEST_RATIO, min(size) / _LARGEST_RATIO
    is_set = fx > 0 and fy > 0 and smallest > 0  # else CameraModel says what is missing
    return not is_set or (max(fx, fy, abs(cx), abs(cy)) <= largest and min(fx, fy) >= smallest)
