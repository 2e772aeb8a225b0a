"""Box around points that stands upright."""

import math
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from .errors import GeometryError

CAMERA_UP = (0.0, -1.0, 0.0)
MOST_DEVIATIONS = 5.0  # from the median depth, in median deviations
SLACK = 0.01  # metres, added to it
TRIMMED = 0.005  # share of the points at either end of an axis
ANGLES = np.linspace(0.0, np.pi, 24, endpoint=False)
DIRECTIONS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32)


class Box(NamedTuple):
    """Centre (3,) and size (3,) in metres, and the axes of the box as the columns of rotation (3, 3).

    The third axis is up, the first the longer horizontal one.
    """

    centre: np.ndarray
    size: np.ndarray
    rotation: np.ndarray

    def corners(self) -> np.ndarray:
        """Return the (8, 3) corners."""
        signs = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3, indexing="ij"), axis=-1).reshape(8, 3)
        return self.centre + (signs * self.size) @ self.rotation.T

    def transformed(self, world_from_camera: np.ndarray) -> "Box":
        """Return the box in another frame, by a (4, 4) transform."""
        rotation = world_from_camera[:3, :3]
        return Box(rotation @ self.centre + world_from_camera[:3, 3], self.size, rotation @ self.rotation)


def upright_box(points: np.ndarray, up: np.ndarray | tuple[float, float, float] = CAMERA_UP) -> Box:
    """Return the box of smallest ground area around points, without outliers.

    It encloses these points only, and knows nothing of the hidden sides of an object.

    Args:
        points: (N, 3), N at least 1, in metres, in the camera's frame.
        up: direction in the same frame, of any length above 0.

    Example:
        >>> x, y, z = np.meshgrid([0.0, 0.2], [0.0, 0.4], [1.0, 1.1])
        >>> upright_box(np.stack([x, y, z], axis=-1).reshape(-1, 3)).size.round(3).tolist()
        [0.2, 0.1, 0.4]
    """
    ground = _ground_axes(*map(float, up))
    local = _without_outliers(np.ascontiguousarray(points.T, dtype=np.float32), ground.astype(np.float32))
    origin = local[:, 0].copy()
    local -= origin[:, None]  # for the precision of float32
    *_, degrees = cv2.minAreaRect(_outline(local[:2]))
    turn = _turn(math.radians(degrees))
    local = turn.T.astype(np.float32) @ local
    low, high = local.min(axis=1).astype(np.float64), local.max(axis=1)
    size = high - low
    centre = ground @ (origin + turn @ (low + size / 2))
    if size[0] < size[1]:  # a quarter turn
        size, turn = size[[1, 0, 2]], turn[:, [1, 0, 2]] * (1.0, -1.0, 1.0)
    if turn[0, 0] < 0:  # of the two directions, the one to the camera's right
        turn = turn * (-1.0, -1.0, 1.0)
    return Box(centre, size, ground @ turn)


@lru_cache(maxsize=8)
def _ground_axes(*up: float) -> np.ndarray:
    """Return right, ahead and up (3, 3) as columns, by the coordinates of up."""
    length = math.hypot(*up)
    if not 0 < length < np.inf:
        raise GeometryError(f"the upward direction {up} has no length; give for example {CAMERA_UP}")
    x, y, z = (value / length for value in up)
    # The camera's x axis on the ground, or its z axis if the camera lies on its side.
    right = np.array([1 - x * x, -x * y, -x * z]) if abs(x) < 0.99 else np.array([-z * x, -z * y, 1 - z * z])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross((x, y, z), right), (x, y, z)], axis=1)


def _without_outliers(points: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Return points (3, M) along the given axes, without those of the background and the outermost ones."""
    depth = points[2]
    away = np.abs(depth - middle_value(depth))
    (near,) = (away <= MOST_DEVIATIONS * middle_value(away) + SLACK).nonzero()
    local = ground.T @ points.take(near, axis=1)
    last = local.shape[1] - 1
    cut = int(TRIMMED * last)
    if cut == 0:
        return local
    ordered = np.partition(local, (cut, last - cut), axis=1)
    low, high = ordered[:, cut, None], ordered[:, last - cut, None]
    one, other, third = (local >= low) & (local <= high)
    (kept,) = (one & other & third).nonzero()
    return local.take(kept, axis=1) if len(kept) else local


def _outline(points: np.ndarray) -> np.ndarray:
    """Return those of points (2, N) that are farthest in one of the DIRECTIONS or against it, (M, 2)."""
    along = DIRECTIONS @ points
    return points.take(np.concatenate([along.argmax(axis=1), along.argmin(axis=1)]), axis=1).T.copy()


def middle_value(values: np.ndarray) -> np.ndarray:
    """Return the upper median along the last axis, which must not be empty or contain NaN."""
    middle = values.shape[-1] // 2
    return np.partition(values, middle)[..., middle]


def _turn(angle: float) -> np.ndarray:
    """Return the rotation (3, 3) about the third axis."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
