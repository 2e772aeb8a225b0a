"""Upsampling of mask logits to the size of the result, a few rows at a time."""

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..backends import stream_of

NUMBERS_PER_BAND = 2**19  # maximum mask logits of the result's size in memory at once, for a CPU's cache
NUMBERS_PER_GPU_BAND = 2**25  # GPUs have other caches and pay for each band: 134 MB in float32
COLUMNS_PER_BLOCK = 128


class MaskSizes(NamedTuple):
    """Sizes (height, width): the padded input, the resized image inside it, the result."""

    padded: Sequence[int]
    image: Sequence[int]
    output: Sequence[int]


def upsample_masks(mask_logits: Tensor, sizes: MaskSizes) -> Tensor:
    """Upsample mask logits (N, H/4, W/4) to the padded input, crop to the image, resize to (N, *output).

    Example:
        >>> sizes = MaskSizes(padded=(32, 64), image=(30, 40), output=(60, 80))
        >>> upsample_masks(torch.zeros(2, 8, 16), sizes).shape
        torch.Size([2, 60, 80])
    """
    return torch.cat(list(upsampled_bands(mask_logits, sizes)), dim=1)


def upsampled_bands(mask_logits: Tensor, sizes: MaskSizes) -> Iterator[Tensor]:
    """Yield the result of `upsample_masks` in bands (N, rows, width), without storing all of it.

    Both bilinear resizes are separable linear maps, so together they are a matrix product on either side.
    Bands do not share memory.
    """
    N, height, width = mask_logits.shape
    row_sides, column_sides = ((p, i, o) for p, i, o in zip(*sizes, strict=True))
    device = mask_logits.device
    where = (device, mask_logits.dtype, stream_of(device))
    rows = rows_per_band(N, sizes.output[1], device.type)
    blocks = _resizing_blocks(width, column_sides, COLUMNS_PER_BLOCK, *where)
    x = torch.cat([mask_logits[..., used] @ block.T for block, used in blocks], -1)
    for block, used in _resizing_blocks(height, row_sides, rows, *where):
        yield block @ x[:, used]


def rows_per_band(masks: int, width: int, device_type: str = "cpu") -> int:
    """Return the rows per band for a number of masks of this width: 4, 8, 16, ..., 256."""
    numbers = NUMBERS_PER_GPU_BAND if device_type == "cuda" else NUMBERS_PER_BAND
    most = max(1, numbers // max(1, masks * width))
    return min(256, max(4, 1 << (most.bit_length() - 1)))


@functools.lru_cache(maxsize=64)
def _resizing_blocks(
    side: int,
    sides: tuple[int, int, int],
    size: int,
    device: torch.device,
    dtype: torch.dtype,
    stream: int,
) -> list[tuple[Tensor, slice]]:
    """Return both resizes of one axis, from side to sides (padded, image, output), as a banded matrix.

    For each group of `size` rows: the non-zero part, and its columns. Computed on the CPU and cached on the
    device, because the host waits for every copy. stream is that of `stream_of`.
    """
    padded, image, output = sides
    x = torch.eye(side)[None]
    x = F.interpolate(x, size=padded, mode="linear", align_corners=False)[..., :image]
    if image != output:
        x = F.interpolate(x, size=output, mode="linear", align_corners=False)
    blocks = []
    for rows in x[0].T.split(size):
        columns = rows.any(0).nonzero()
        used = slice(int(columns.min()), int(columns.max()) + 1)
        blocks.append((rows[:, used].to(device, dtype), used))
    return blocks
