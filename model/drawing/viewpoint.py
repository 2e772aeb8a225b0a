"""A place from which points in space are seen."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_NEAR = 0.05  # metres; what is nearer or behind is not seen


@dataclass(frozen=True)
class Viewpoint:
    """An eye (3,) that looks at a target (3,), in metres; `up` (3,) is upward in the picture.

    Example:
        >>> ahead = Viewpoint(np.zeros(3), target=np.array([0.0, 0.0, 1.0]), up=np.array([0.0, -1.0, 0.0]))
        >>> ahead.project(np.array([[0.0, 0.0, 2.0]]), (100, 50)).tolist()  # x, y in pixels and the depth
        [[49.5, 24.5, 2.0]]
    """

    eye: np.ndarray
    target: np.ndarray
    up: np.ndarray
    field_of_view: float = 50.0  # degrees from the bottom to the top of the picture

    def focal_length(self, height: int) -> float:
        """Return the focal length in pixels for a picture height in pixels."""
        return height / 2 / float(np.tan(np.radians(self.field_of_view) / 2))

    def project(self, points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return x, y (pixels) and depth (metres) of points (N, 3) in a picture (width, height).

        x and y are NaN for what is behind the eye.
        """
        seen = self._from_eye(points)
        focal = self.focal_length(size[1])
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = seen[:, :2] * (focal / np.where(seen[:, 2:] < _NEAR, np.nan, seen[:, 2:]))
        return np.column_stack([pixels + (np.array(size) - 1) / 2, seen[:, 2]])

    def project_line(
        self, start: np.ndarray, end: np.ndarray, size: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the pixels (2,) of both ends of a line, cut off before the eye; None if all is behind it."""
        ends = np.stack([start, end])
        depth = self._from_eye(ends)[:, 2]
        if (depth < _NEAR).all():
            return None
        if (depth < _NEAR).any():
            hidden = int(depth[1] < _NEAR)
            share = (2 * _NEAR - depth[hidden]) / (depth[1 - hidden] - depth[hidden])
            ends[hidden] += min(share, 1.0) * (ends[1 - hidden] - ends[hidden])
        first, last = self.project(ends, size)[:, :2]
        return first, last

    def _from_eye(self, points: np.ndarray) -> np.ndarray:
        """Return points (N, 3) along right, down and ahead."""
        return np.asarray((points - self.eye) @ self._axes.T)

    @cached_property
    def _axes(self) -> np.ndarray:
        ahead = self.target - self.eye
        ahead = ahead / np.linalg.norm(ahead)
        right = np.cross(ahead, self.up)
        right = right / np.linalg.norm(right)
        return np.stack([right, np.cross(ahead, right), ahead])
