"""Position and box of every segment of a label image."""

from typing import NamedTuple

import numpy as np

from .box import CAMERA_UP, Box, middle_value, upright_box
from .camera_model import CameraModel
from .segment_points import SegmentPoints, segment_points

FEWEST_POINTS = 8
NEIGHBOURS = 9
SAME_SURFACE = 0.015  # relative difference of depth


class SegmentGeometry(NamedTuple):
    """Where a segment is, in the camera's frame (x right, y down, z forward), in metres.

    position (3,) is a point of its visible surface, near the median of its points. box is the upright box of
    the visible points. points is the number of measured points behind them.
    """

    position: np.ndarray
    box: Box
    points: int


def measure_geometry(
    label_image: np.ndarray,
    depth: np.ndarray,
    camera: CameraModel,
    *,
    up: np.ndarray | tuple[float, float, float] = CAMERA_UP,
) -> dict[int, SegmentGeometry]:
    """Measure the segments of a label image.

    Args:
        label_image: (H, W) integers from 0 to 65535, 0 = void.
        depth: (H', W') as for `depth_in_metres`, of the same view, at any resolution of the same aspect.
        camera: calibration of the image, at any resolution of the same aspect.
        up: upward direction in the camera's frame, for the boxes; by default the camera is upright.

    Returns:
        A SegmentGeometry for each id with at least 8 points of valid depth, in ascending order of ids.

    Raises GeometryError for sizes or types that do not fit.

    Example:
        >>> camera = CameraModel(width=64, height=48, k=(50, 0, 31.5, 0, 50, 23.5, 0, 0, 1))
        >>> labels = np.zeros((48, 64), np.uint16)
        >>> labels[4:43, 32:63] = 5
        >>> geometry = measure_geometry(labels, np.full((48, 64), 2.0, np.float32), camera)
        >>> geometry[5].position.round(2).tolist(), geometry[5].points
        ([0.62, -0.02, 2.0], 1209)
    """
    measured = {}
    for segment in segment_points(label_image, depth, camera):
        count = len(segment.interior)
        if count >= FEWEST_POINTS:
            box = upright_box(segment.points.T, up)
            measured[segment.id] = SegmentGeometry(_position(segment), box, count)
    return measured


def _position(segment: SegmentPoints) -> np.ndarray:
    """Return the point nearest to the median, which itself may be inside a bowl or in the hole of a ring.

    Its depth is the median of its neighbours' on the same surface, because that of a single pixel is noisy.
    """
    inner = np.flatnonzero(segment.interior)
    points = segment.points.take(inner, axis=1) if len(inner) >= FEWEST_POINTS else segment.points
    x, y, z = points - middle_value(points)[:, None]
    nearest = (x * x + y * y + z * z).argmin()
    rays, depth = points[:2] / points[2], points[2]
    x, y = rays - rays[:, nearest, None]
    count = min(NEIGHBOURS, len(depth))
    around = depth[np.argpartition(x * x + y * y, count - 1)[:count]]
    same = np.abs(around - depth[nearest]) <= SAME_SURFACE * depth[nearest]
    return np.array([*rays[:, nearest], 1.0]) * float(middle_value(around[same]))
