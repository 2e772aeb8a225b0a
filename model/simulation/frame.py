"""A rendered image of a scene with its ground truth."""

from typing import NamedTuple

import numpy as np


class TrueSegment(NamedTuple):
    """A ground-truth segment: an instance of a thing, or all pixels of a stuff class."""

    id: int
    label: str
    is_thing: bool


class Frame(NamedTuple):
    """A rendered image, its depth, its ground-truth segments and its intrinsics in pixels."""

    rgb: np.ndarray  # (H, W, 3) uint8
    depth: np.ndarray  # (H, W) float32, metres along the optical axis
    segment_ids: np.ndarray  # (H, W) int32, 0 is void
    segments: list[TrueSegment]  # those with pixels, in the order of ids
    fx: float
    fy: float
    cx: float
    cy: float
