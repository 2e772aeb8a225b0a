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
    middle = local.mean(axis=1, keepdims=True)
    local -= middle
    *_, degrees = cv2.minAreaRect(_outline(local[:2]))
    turn = _turn(np.radians(degrees))
    spans = np.ptp(turn[:2, :2].T @ local[:2], axis=1)
    if spans[0] < spans[1]:
        turn = turn @ _turn(np.pi / 2)
    if turn[0, 0] < 0:  # of the two directions, the one to the camera's right
        turn = turn @ _turn(np.pi)
    local = turn.T @ local
    low, high = local.min(axis=1), local.max(axis=1)
    centre = ground @ (middle[:, 0] + turn @ ((low + high) / 2))
    return Box(centre, high - low, ground @ turn)


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
    near = np.flatnonzero(away <= MOST_DEVIATIONS * middle_value(away) + SLACK)
    local = ground.T @ points.take(near, axis=1)
    last = local.shape[1] - 1
    cut = int(TRIMMED * last)
    ordered = np.partition(local, (cut, last - cut), axis=1)
    low, high = ordered[:, cut, None], ordered[:, last - cut, None]
    kept = np.flatnonzero(((local >= low) & (local <= high)).all(axis=0))
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
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
