"""Depth images."""

import numpy as np

from .errors import GeometryError

SATURATED = 65535


def depth_in_metres(depth: np.ndarray) -> np.ndarray:
    """Convert depth along the optical axis to metres, float32 of the same shape; NaN where it is not valid.

    Args:
        depth: uint16 in millimetres, or float32 or float64 in metres. Not valid are 0, negative numbers,
            NaN, infinity, and the largest number of 16 bits, 65535, which stands for saturation.

    Raises GeometryError for another type.

    Example:
        >>> depth_in_metres(np.array([1500, 0, 65535], np.uint16)).tolist()
        [1.5, nan, nan]
    """
    if depth.dtype == np.uint16:
        valid = (depth != 0) & (depth != SATURATED)
        metres = depth / np.float32(1000)
    elif depth.dtype in (np.float32, np.float64):
        valid = (depth > 0) & (depth < np.inf)
        metres = depth.astype(np.float32)
    else:
        raise GeometryError(f"depth is {depth.dtype}; give uint16 in millimetres or float32 in metres")
    return np.where(valid, metres, np.float32(np.nan))
