"""The ground below a camera, from points of the floor."""

import numpy as np

from eovseg_model.drawing import Ground

_FEWEST = 100  # points of the floor
_STEEPEST = (
    0.5  # part of `up` that points against the camera's up; cameras that look farther down have no ahead
)
_HEIGHT = 1.0  # metres of the camera above the ground where no floor is seen


def find_ground(floor: np.ndarray) -> Ground:
    """Return the plane through points (N, 3) of the floor in the camera's frame (x right, y down, z ahead).

    Without enough points, or if they are not below an upright camera, a level camera 1 m above it is assumed.
    """
    up, height = np.array([0.0, -1.0, 0.0]), _HEIGHT
    if len(floor) >= _FEWEST:
        chosen = floor.astype(np.float64)
        for _ in range(3):  # without those that are not on the plane of most others
            middle = chosen.mean(axis=0)
            normal = np.linalg.svd(chosen - middle, full_matrices=False)[2][2]
            away = np.abs((chosen - middle) @ normal)
            chosen = chosen[away <= np.quantile(away, 0.9)]
        normal = normal if normal @ up > 0 else -normal
        if normal @ up > _STEEPEST:
            up, height = normal, float(-middle @ normal)
    ahead = np.array([0.0, 0.0, 1.0]) - up[2] * up
    ahead /= np.linalg.norm(ahead)
    return Ground(origin=-height * up, right=np.cross(ahead, up), ahead=ahead, up=up)
