"""The camera: pinhole with the distortion models of OpenCV, as CameraInfo of ROS describes it."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np

from .errors import GeometryError

# Numbers of coefficients in d that OpenCV takes, in its order: k1, k2, p1, p2, k3, k4, k5, k6, ...
COEFFICIENTS = {"plumb_bob": (4, 5), "rational_polynomial": (8, 12, 14)}
PRECISION = 1e-3  # pixels, of a ray projected back
LARGEST_ERROR = 0.1  # pixels; past this, the pixel has no ray
STEPS = 20


@dataclass(frozen=True, kw_only=True)
class CameraModel:
    """Calibration of a camera at one resolution; equal ones are interchangeable.

    The fields are those of sensor_msgs/CameraInfo: width and height in pixels, k the 9 numbers of the camera
    matrix row by row (fx, 0, cx, 0, fy, cy, 0, 0, 1), d the distortion coefficients in OpenCV's order, and
    distortion_model "plumb_bob" (4 or 5 coefficients), "rational_polynomial" (8, 12 or 14) or "". An empty d
    or one of zeros stands for no distortion. For a rectified image give the first three columns of p as k and
    no d. The centre of the upper left pixel is (0, 0). Camera axes: x right, y down, z forward.

    Raises GeometryError for a camera that is not calibrated and for distortion models of other cameras.

    Example:
        >>> camera = CameraModel(width=640, height=480, k=(500, 0, 319.5, 0, 500, 239.5, 0, 0, 1))
        >>> camera.project(np.array([[0.1, 0.0, 1.0]])).tolist()
        [[369.5, 239.5]]
        >>> camera.scaled(320, 240).k[0]
        250.0
    """

    width: int
    height: int
    k: tuple[float, ...]
    d: tuple[float, ...] = ()
    distortion_model: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", tuple(float(value) for value in self.k))
        object.__setattr__(self, "d", tuple(float(value) for value in self.d))
        if self.width < 1 or self.height < 1:
            raise GeometryError(f"camera_info is of {self.width}x{self.height} pixels; set width and height")
        if len(self.k) != 9 or not np.isfinite(self.k).all() or min(self.k[0], self.k[4]) <= 0:
            raise GeometryError(f"k of camera_info is {self.k}: the camera is not calibrated; calibrate it")
        if not np.isfinite(self.d).all():
            raise GeometryError(f"d of camera_info is {self.d}: the camera is not calibrated; calibrate it")
        if not any(self.d):
            return
        if self.distortion_model not in COEFFICIENTS:
            raise GeometryError(
                f"distortion model {self.distortion_model!r} of camera_info is not supported (only "
                f"{' and '.join(COEFFICIENTS)}); rectify the images, for example with image_proc"
            )
        expected = COEFFICIENTS[self.distortion_model]
        if len(self.d) not in expected:
            raise GeometryError(
                f"d of camera_info has {len(self.d)} coefficients, but {self.distortion_model} has "
                f"{' or '.join(map(str, expected))}; correct the calibration"
            )

    @cached_property
    def rays(self) -> np.ndarray:
        """Return (height, width, 2) float32: x and y where z is 1, for each pixel; computed once.

        NaN for pixels that the distortion model does not reach.
        """
        x, y = np.arange(self.width, dtype=np.float64), np.arange(self.height, dtype=np.float64)
        fx, cx, fy, cy = self.k[0], self.k[2], self.k[4], self.k[5]
        rays = np.empty((self.height, self.width, 2))
        rays[..., 0], rays[..., 1] = (x - cx) / fx, ((y - cy) / fy)[:, None]
        if any(self.d):
            rays = self._undistorted(rays.reshape(-1, 2)).reshape(rays.shape)
        return rays.astype(np.float32)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return the pixels (N, 2) of points (N, 3) in metres; NaN for those behind the camera."""
        points = np.asarray(points, dtype=np.float64)
        ahead = points[:, 2] > 0
        pixels = np.full((len(points), 2), np.nan)
        if ahead.any():
            pixels[ahead] = self._distorted(points[ahead, :2] / points[ahead, 2:])
        return pixels * (self.k[0], self.k[4]) + (self.k[2], self.k[5])

    def unproject(self, depth: np.ndarray) -> np.ndarray:
        """Return the points (height, width, 3) of depth (height, width) in metres along the optical axis.

        The depth has this camera's size. What is not measured is NaN; see `depth_in_metres`.
        """
        z = np.asarray(depth)[..., None]
        return np.concatenate([self.rays * z, z], axis=2)

    def scaled(self, width: int, height: int) -> "CameraModel":
        """Return the camera of the same image at another resolution; the same object for the same size.

        Raises GeometryError for another aspect.
        """
        return _scaled(self, width, height)

    def _distorted(self, rays: np.ndarray) -> np.ndarray:
        """Return where rays (N, 2) meet the image plane at z = 1 after the lens."""
        if not any(self.d):
            return rays
        ahead = np.concatenate([rays, np.ones((len(rays), 1))], axis=1)
        pixels, _ = cv2.projectPoints(ahead, np.zeros(3), np.zeros(3), np.eye(3), np.array(self.d))
        return pixels.reshape(-1, 2)

    def _undistorted(self, seen: np.ndarray) -> np.ndarray:
        """Return the rays (N, 2) that the lens bends to points (N, 2) of the plane at z = 1."""
        rays = cv2.undistortPoints(seen[:, None], np.eye(3), np.array(self.d)).reshape(-1, 2)
        focal = max(self.k[0], self.k[4])
        error = np.full(len(seen), np.inf)
        for _ in range(STEPS):  # OpenCV's own five steps are too few for wide lenses
            miss = seen - self._distorted(rays)
            error = np.abs(miss).max(axis=1) * focal
            if not (error > PRECISION).any():
                break
            rays = rays + miss
        return np.where((error < LARGEST_ERROR)[:, None], rays, np.nan)


def same_aspect(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Return whether two sizes have the same aspect, up to the rounding of a side."""
    return abs(one[0] * other[1] - other[0] * one[1]) < max(*one, *other)


@lru_cache(maxsize=32)  # of several cameras, each at the sizes of its image and depth: rays take long
def _scaled(camera: CameraModel, width: int, height: int) -> CameraModel:
    if not same_aspect((width, height), (camera.width, camera.height)):
        raise GeometryError(
            f"camera_info is of {camera.width}x{camera.height} pixels, the image has {width}x{height}, "
            "another aspect; use the camera_info of this image"
        )
    x, y = width / camera.width, height / camera.height
    fx, _, cx, _, fy, cy = camera.k[:6]
    k = (fx * x, 0.0, (cx + 0.5) * x - 0.5, 0.0, fy * y, (cy + 0.5) * y - 0.5, 0.0, 0.0, 1.0)
    return CameraModel(width=width, height=height, k=k, d=camera.d, distortion_model=camera.distortion_model)
