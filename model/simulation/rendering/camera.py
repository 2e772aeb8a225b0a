"""The simulated pinhole camera: pose and field of view."""

import math
import zlib
from typing import NamedTuple

import numpy as np

NEAR, FAR = 0.05, 12.0  # metres


class CameraPose(NamedTuple):
    """Pose of a camera that looks at a point, in world coordinates (z up)."""

    position: tuple[float, float, float]  # metres
    target: tuple[float, float, float]  # metres
    roll: float = 0.0  # degrees about the optical axis
    field_of_view: float = 52.0  # degrees, vertical

    def rotation(self) -> np.ndarray:
        """Return the (3, 3) rotation from optical axes (x right, y down, z forward) to world axes."""
        ahead = np.subtract(self.target, self.position)
        ahead = ahead / np.linalg.norm(ahead)
        right = np.cross(ahead, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        down = np.cross(ahead, right)
        cos, sin = math.cos(math.radians(self.roll)), math.sin(math.radians(self.roll))
        return np.stack([cos * right + sin * down, cos * down - sin * right, ahead], axis=1)

    def fingerprint(self) -> int:
        """Return a hash of the pose, rounded so that invisible differences do not change it."""
        values = np.round([*self.position, *self.target, self.roll, self.field_of_view], 6) + 0.0
        return zlib.crc32(values.astype("<f8").tobytes())

    def focal_length(self, height: int) -> float:
        """Return the focal length in pixels, equal along both axes, for an image height in pixels."""
        return height / 2 / math.tan(math.radians(self.field_of_view) / 2)


def depth_in_metres(buffer: np.ndarray) -> np.ndarray:
    """Convert an OpenGL depth buffer to metres along the optical axis, float32 of the same shape."""
    return (FAR * NEAR / (FAR - (FAR - NEAR) * buffer.astype(np.float64))).astype(np.float32)
