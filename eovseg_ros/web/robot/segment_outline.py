"""The segment at a pixel, and its outline."""

import cv2
import numpy as np

from eovseg_ros.msg import PanopticSegmentation, Segment

_MOST_POINTS = 2000  # of all polygons of an outline
_SMALLEST_HOLE = 12.0  # pixels; smaller polygons are left out unless they are all there is

Polygon = list[tuple[float, float]]  # corners, 0 to 1 across the image: right, down


def segment_at(panoptic: np.ndarray, message: PanopticSegmentation, x: float, y: float) -> Segment | None:
    """Return the segment at a place; None for void.

    Args:
        panoptic: (H, W) segment ids, 0 = void.
        x, y: 0 to 1 across the image, right and down.
    """
    height, width = panoptic.shape
    column, row = min(int(x * width), width - 1), min(int(y * height), height - 1)
    number = int(panoptic[row, column])
    return next((segment for segment in message.segments if segment.id == number), None)


def outline_of(panoptic: np.ndarray, segment: Segment) -> list[Polygon]:
    """Return the polygons around a segment's pixels, the largest first."""
    box = segment.pixel_bbox
    top, left = box.y_offset, box.x_offset
    mask = (panoptic[top : top + box.height, left : left + box.width] == segment.id).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    ordered = sorted(
        (cv2.approxPolyDP(c, 0.8, True)[:, 0] for c in contours), key=cv2.contourArea, reverse=True
    )
    large = [c for c in ordered if cv2.contourArea(c) >= _SMALLEST_HOLE] or ordered[:1]
    height, width = panoptic.shape
    polygons: list[Polygon] = []
    points = 0
    for corners in large:
        points += len(corners)
        if polygons and points > _MOST_POINTS:
            break
        # A pixel's centre is half a pixel from its corner.
        polygons.append([((u + left + 0.5) / width, (v + top + 0.5) / height) for u, v in corners.tolist()])
    return polygons
