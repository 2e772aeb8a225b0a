"""Rigid transforms; `world_from_camera` takes points of the camera's frame to the world's."""

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
    from scipy.spatial.transform import Rotation  # takes 0.2 s to load

    x, y, z, w = Rotation.from_matrix(rotation).as_quat(canonical=True).tolist()
    return x, y, z, w
