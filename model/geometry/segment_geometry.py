"""Position and box of every segment of a label image."""

from typing import NamedTuple

import numpy as np

from .box import CAMERA_UP, Box, middle_value, upright_box
from .camera_model import CameraModel
from .segment_points import SegmentedDepth, SegmentPoints

FEWEST_POINTS = 8
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
    frame = SegmentedDepth(label_image, depth, camera)
    segments = [segment for segment in frame.segments() if len(segment.pixels) >= FEWEST_POINTS]
    # One kind of work after the other is faster, because its code stays in the CPU's cache.
    boxes = [upright_box(segment.points.T, up) for segment in segments]
    positions = [_position(frame, segment) for segment in segments]
    return {
        segment.id: SegmentGeometry(position, box, len(segment.pixels))
        for segment, position, box in zip(segments, positions, boxes, strict=True)
    }


def _position(frame: SegmentedDepth, segment: SegmentPoints) -> np.ndarray:
    """Return the point nearest to the median, which itself may be inside a bowl or in the hole of a ring.

    Its depth is the median of its neighbours' on the same surface, because that of a single pixel is noisy.
    """
    points, pixels = segment.points, segment.pixels
    (inner,) = segment.interior.nonzero()
    if len(inner) >= FEWEST_POINTS:
        points, pixels = points.take(inner, axis=1), pixels.take(inner)
    away = points - middle_value(points)[:, None]
    nearest = np.einsum("dn,dn->n", away, away).argmin()
    point = points[:, nearest].astype(np.float64)
    around = frame.depth_around(int(pixels[nearest]))
    same = np.abs(around - point[2]) <= SAME_SURFACE * point[2]
    return point * (middle_value(around[same]) / point[2])
