"""One rendered image of a scene with its ground truth."""

from typing import NamedTuple

import numpy as np


class TrueSegment(NamedTuple):
    """What is there: an instance of a thing, or all of a stuff class."""

    id: int
    label: str
    is_thing: bool


class Frame(NamedTuple):
    """A rendered image, its depth, its true segments and its intrinsics in pixels."""

    rgb: np.ndarray  # (H, W, 3) uint8
    depth: np.ndarray  # (H, W) float32, metres along the line of sight
    segment_ids: np.ndarray  # (H, W) int32, 0 is void
    segments: list[TrueSegment]  # those that have pixels, by id
    fx: float
    fy: float
    cx: float
    cy: float
