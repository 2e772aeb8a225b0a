"""Overlap of upright boxes."""

import math

import cv2

from ...geometry import Box


def box_iou(one: Box, other: Box) -> float:
    """Return the intersection over union of the volumes of two boxes in a frame whose z axis is up."""
    (x, y, z), (u, v, w) = one.centre.tolist(), other.centre.tolist()
    status, outline = cv2.rotatedRectangleIntersection(_ground(one, 0.0, 0.0), _ground(other, u - x, v - y))
    if status == cv2.INTERSECT_NONE or outline is None:
        return 0.0
    area = cv2.contourArea(cv2.convexHull(outline))
    top = min(one.size[2] / 2, w - z + other.size[2] / 2)
    bottom = max(-one.size[2] / 2, w - z - other.size[2] / 2)
    common = area * max(top - bottom, 0.0)
    return float(common / (one.size.prod() + other.size.prod() - common))


def _ground(box: Box, x: float, y: float) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Return the box's ground as OpenCV's rotated rectangle, centred on a point."""
    degrees = math.degrees(math.atan2(box.rotation[1, 0], box.rotation[0, 0]))
    return (x, y), (float(box.size[0]), float(box.size[1])), degrees
