"""A frame of a simulated or recorded camera, with its ground truth."""

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np

from eovseg_model.simulation import Recording, TrueSegment


class CameraFrame(Protocol):
    """What the cameras publish; the fields are those of eovseg_model.simulation.Frame."""

    @property
    def rgb(self) -> np.ndarray: ...  # (H, W, 3) uint8
    @property
    def depth(self) -> np.ndarray: ...  # (H, W) float32, metres along the optical axis
    @property
    def segment_ids(self) -> np.ndarray: ...  # (H, W) int32, 0 is void
    @property
    def segments(self) -> Sequence[TrueSegment]: ...  # those with pixels
    @property
    def fx(self) -> float: ...
    @property
    def fy(self) -> float: ...
    @property
    def cx(self) -> float: ...  # the centre of the first pixel is at 0
    @property
    def cy(self) -> float: ...


class RecordedFrame:
    """Frame `i` of a recording, resized to (width, height); images are decoded at their first use."""

    def __init__(self, recording: Recording, i: int, size: tuple[int, int]) -> None:
        self._recording = recording
        self._i = i
        self._size = size
        header = recording.header
        x, y = size[0] / header.width, size[1] / header.height
        self.fx, self.fy = header.fx * x, header.fy * y
        self.cx, self.cy = (header.cx + 0.5) * x - 0.5, (header.cy + 0.5) * y - 0.5

    @cached_property
    def rgb(self) -> np.ndarray:
        """The image, interpolated."""
        rgb = self._recording.rgb(self._i)
        smaller = self._size[0] < rgb.shape[1]
        return self._resized(rgb, cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)

    @cached_property
    def depth(self) -> np.ndarray:
        """The depth of the nearest recorded pixels."""
        return self._resized(self._recording.depth(self._i), cv2.INTER_NEAREST_EXACT)

    @cached_property
    def segment_ids(self) -> np.ndarray:
        """The segments of the nearest recorded pixels."""
        return self._resized(self._recording.segment_ids(self._i), cv2.INTER_NEAREST_EXACT)

    @cached_property
    def segments(self) -> list[TrueSegment]:
        """The segments with pixels."""
        return self._recording.segments(self._i, self.segment_ids)

    def _resized(self, image: np.ndarray, interpolation: int) -> np.ndarray:
        if image.shape[1::-1] == self._size:
            return image
        return cv2.resize(image, self._size, interpolation=interpolation)
