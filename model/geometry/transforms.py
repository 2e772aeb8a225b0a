"""Rigid transforms; `world_from_camera` takes points of the camera's frame to the world's."""

import math

import numpy as np


def transform_points(world_from_camera: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return points (..., 3) of one frame in another, by a (4, 4) transform.

    Example:
        >>> world_from_camera = np.eye(4)
        >>> world_from_camera[:3, 3] = (1.0, 2.0, 3.0)
        >>> transform_points(world_from_camera, np.array([0.5, 0.0, 0.0])).tolist()
        [1.5, 2.0, 3.0]
    """
    return points @ world_from_camera[:3, :3].T + world_from_camera[:3, 3]


def up_in_camera(world_from_camera: np.ndarray) -> np.ndarray:
    """Return the direction (3,) of the world's z axis in the camera's frame."""
    return world_from_camera[2, :3].copy()


def quaternion(rotation: np.ndarray) -> tuple[float, float, float, float]:
    """Return x, y, z, w of a rotation (3, 3), with w at least 0.

    Example:
        >>> quarter_turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # about z
        >>> [round(value, 3) for value in quaternion(quarter_turn)]
        [0.0, 0.0, 0.707, 0.707]
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation.tolist()
    products = (  # of x, y, z, w with one another, times 4
        (1 + xx - yy - zz, xy + yx, xz + zx, zy - yz),
        (xy + yx, 1 - xx + yy - zz, yz + zy, xz - zx),
        (xz + zx, yz + zy, 1 - xx - yy + zz, yx - xy),
        (zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz),
    )
    largest = max(range(4), key=lambda i: products[i][i])
    x, y, z, w = products[largest]
    scale = math.copysign(2 * math.sqrt(products[largest][largest]), w)
    return x / scale, y / scale, z / scale, w / scale
