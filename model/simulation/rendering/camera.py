"""The simulated pinhole camera: where it is, what it looks at, and its lens."""

import math
import zlib
from typing import NamedTuple

import numpy as np

NEAR, FAR = 0.05, 12.0  # metres


class CameraPose(NamedTuple):
    """A camera in the world (z up) that looks at a point."""

    position: tuple[float, float, float]  # metres
    target: tuple[float, float, float]  # metres
    roll: float = 0.0  # degrees about the line of sight
    field_of_view: float = 52.0  # degrees, vertical

    def rotation(self) -> np.ndarray:
        """(3, 3) from optical axes (x right, y down, z ahead) to the world."""
        ahead = np.subtract(self.target, self.position)
        ahead = ahead / np.linalg.norm(ahead)
        right = np.cross(ahead, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        down = np.cross(ahead, right)
        cos, sin = math.cos(math.radians(self.roll)), math.sin(math.radians(self.roll))
        return np.stack([cos * right + sin * down, cos * down - sin * right, ahead], axis=1)

    def fingerprint(self) -> int:
        """A number that stands for the pose, blind to differences that no picture shows."""
        values = np.round([*self.position, *self.target, self.roll, self.field_of_view], 6) + 0.0
        return zlib.crc32(values.astype("<f8").tobytes())

    def focal_length(self, height: int) -> float:
        """Pixels, the same along both axes, for an image of that height."""
        return height / 2 / math.tan(math.radians(self.field_of_view) / 2)


def depth_in_metres(buffer: np.ndarray) -> np.ndarray:
    """Distances along the line of sight, float32, from an OpenGL depth buffer of the same shape."""
    return (FAR * NEAR / (FAR - (FAR - NEAR) * buffer.astype(np.float64))).astype(np.float32)
