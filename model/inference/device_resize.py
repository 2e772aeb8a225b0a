"""Pillow's bilinear resize of uint8 images on any device."""

import functools
import math

import numpy as np
import torch
from torch import Tensor

from ..backends import stream_of

BITS = 22  # of the weights' fractions, as in Pillow: 32 minus 8 of a pixel minus 2 of the sum


def resize_pixels(pixels: Tensor, shape: tuple[int, int]) -> Tensor:
    """Resize (..., H, W, 3) uint8 to (..., *shape, 3), columns first and rounded, then rows, as Pillow does.

    From version 13 on, Pillow begins with the rows of images that are more than twice as high as wide. These
    differ by one level at most.

    Example:
        >>> resize_pixels(torch.tensor([[[0, 0, 0], [100, 50, 3]]], dtype=torch.uint8), (1, 3)).tolist()
        [[[0, 0, 0], [50, 25, 2], [100, 50, 3]]]
    """
    for axis, size in ((-2, shape[1]), (-3, shape[0])):
        if pixels.shape[axis] != size:
            pixels = _resize_axis(pixels, axis, size)
    return pixels


def _resize_axis(pixels: Tensor, axis: int, size: int) -> Tensor:
    index, weight = _taps(pixels.shape[axis], size, pixels.device, stream_of(pixels.device))
    pixels = pixels.int()
    view = (-1, *[1] * (-1 - axis))  # the weights along this axis
    total = None
    for i, w in zip(index, weight, strict=True):
        tap = pixels.index_select(axis, i) * w.view(view)
        total = tap.add_(1 << (BITS - 1)) if total is None else total.add_(tap)
    assert total is not None
    return (total >> BITS).clamp_(0, 255).to(torch.uint8)


@functools.lru_cache(maxsize=64)
def _taps(side: int, size: int, device: torch.device, stream: int) -> tuple[Tensor, Tensor]:
    """Return indices and weights (K, size) int32 of the K pixels that every pixel of the result sums.

    Source: Pillow, src/libImaging/Resample.c, whose triangle filter is as wide as a pixel of the larger grid.
    """
    scale = side / size
    support = max(scale, 1.0)
    centre = (np.arange(size) + 0.5) * scale
    first = np.maximum(np.trunc(centre - support + 0.5), 0)
    last = np.minimum(np.trunc(centre + support + 0.5), side)
    position = first + np.arange(2 * math.ceil(support) + 1)[:, None]  # (K, size)
    weight = np.maximum(1 - np.abs((position - centre + 0.5) / support), 0)
    weight = np.where(position < last, weight, 0)
    weight = np.floor(weight / weight.sum(0) * (1 << BITS) + 0.5)
    used = weight.any(1)
    index = np.minimum(position, side - 1)[used]
    both = np.stack([index, weight[used]]).astype(np.int32)
    one, other = torch.from_numpy(both).to(device).unbind()
    return one, other
