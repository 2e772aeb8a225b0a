"""Mask logits at the size of the result, a few rows at a time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

ROWS_PER_BAND = 8
COLUMNS_PER_BLOCK = 128


class MaskSizes(NamedTuple):
    """Sizes (height, width) on the way of a mask: the padded input, the image inside it, the result."""

    padded: Sequence[int]
    image: Sequence[int]
    output: Sequence[int]


def upsample_masks(mask_logits: Tensor, sizes: MaskSizes) -> Tensor:
    """Mask logits (N, H/4, W/4) -> (N, *output): to the padded input, cut to the image, to the output."""
    return torch.cat(list(upsampled_bands(mask_logits, sizes)), dim=1)


def upsampled_bands(mask_logits: Tensor, sizes: MaskSizes) -> Iterator[Tensor]:
    """What `upsample_masks` gives, (N, rows, width) after (N, rows, width), without ever holding all of it.

    Both bilinear resizes are linear in rows and in columns: together they are one matrix on either side.
    """
    rows, columns = (_resizing_matrix(mask_logits.shape[1 + axis], sizes, axis) for axis in (0, 1))
    x = torch.cat(
        [
            mask_logits[..., used] @ block.T.to(mask_logits)
            for block, used in _blocks(columns, COLUMNS_PER_BLOCK)
        ],
        -1,
    )
    for block, used in _blocks(rows, ROWS_PER_BAND):
        yield block.to(x) @ x[:, used]


def _resizing_matrix(side: int, sizes: MaskSizes, axis: int) -> Tensor:
    """(output, input) weights of one axis on the CPU: the two resizes of every unit vector."""
    x = torch.eye(side)[None]
    x = F.interpolate(x, size=sizes.padded[axis], mode="linear", align_corners=False)
    x = x[..., : sizes.image[axis]]
    if sizes.image[axis] != sizes.output[axis]:
        x = F.interpolate(x, size=sizes.output[axis], mode="linear", align_corners=False)
    return x[0].T


def _blocks(matrix: Tensor, size: int) -> Iterator[tuple[Tensor, slice]]:
    """Groups of `size` rows of a banded matrix: the part that is not zero, and which columns that is."""
    for rows in matrix.split(size):
        columns = rows.any(0).nonzero()
        used = slice(int(columns.min()), int(columns.max()) + 1)
        yield rows[:, used], used
