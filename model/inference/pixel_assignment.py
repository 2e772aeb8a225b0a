"""Assign every pixel to a query, and queries to segments, on the device and without waiting for it."""

import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..backends import stream_of
from .mask_sizes import MaskSizes, rows_per_band, upsampled_bands
from .regions import VOID_ID


class AssignedPixels(NamedTuple):
    """A panoptic map (H, W) int32, and queries (K, 5) float64: segment id, class, score, pixels, index.

    The segment id is 0 for a query without a segment. Queries of one stuff class have the same id. The index
    is among all queries of the network.
    """

    map: Tensor
    queries: Tensor


@torch.no_grad()
def assign_pixels(
    final_class_logits: Tensor,
    mask_logits: Tensor,
    is_thing: Sequence[bool],
    object_threshold: float,
    overlap_threshold: float,
    sizes: MaskSizes | None,
) -> AssignedPixels:
    """Fuse masks as `fuse_panoptic` describes it."""
    final_class_logits, mask_logits = torch.as_tensor(final_class_logits), torch.as_tensor(mask_logits)
    num_classes = final_class_logits.shape[-1] - 1
    scores, classes = final_class_logits.softmax(-1).max(-1)
    index = torch.arange(len(scores), device=scores.device)
    scores = torch.where((classes != num_classes) & (scores > object_threshold), scores, -1)
    device = scores.device
    if device.type == "cpu":  # on other devices the host would wait for the selection
        kept = scores >= 0
        if not kept.all():
            scores, classes, index, mask_logits = scores[kept], classes[kept], index[kept], mask_logits[kept]
    if len(scores) == 0:
        output = mask_logits.shape[-2:] if sizes is None else sizes.output
        empty = torch.zeros(*output, dtype=torch.int32, device=device)
        return AssignedPixels(empty, scores.new_zeros(0, 5, dtype=torch.float64))
    if sizes is None:
        K, _, width = mask_logits.shape
        rows = rows_per_band(K, width, device.type)
        bands: Iterable[Tensor] = (band.clone() for band in mask_logits.split(rows, 1))
    else:
        bands = upsampled_bands(mask_logits, sizes)
    codes, counts = _count_pixels(bands, scores)
    stuff = _stuff(tuple(map(bool, is_thing)), device, stream_of(device)).index_select(0, classes)
    ids = _segment_ids(classes, scores, counts, stuff, overlap_threshold)
    table = F.pad(ids.flip(0), (1, 0))  # by K - query
    table = torch.stack([torch.zeros_like(table), table], 1).flatten().int()  # by code
    panoptic = table.index_select(0, codes.flatten()).view_as(codes)
    queries = torch.stack([part.double() for part in (ids, classes, scores, counts[0], index)], 1)
    return AssignedPixels(panoptic, queries)


def _count_pixels(bands: Iterable[Tensor], scores: Tensor) -> tuple[Tensor, Tensor]:
    """Determine which query wins each pixel and whether the pixel is in its mask, and count pixels.

    bands (K, rows, W) are mask logits, which are overwritten; scores (K,) are negative for dropped queries.
    Returns codes (H, W), 2 * (K - query), plus 1 if the pixel is in the query's mask, and counts (3, K)
    float64: pixels won and in the mask, pixels won, pixels in the mask.
    """
    K = len(scores)
    twice = torch.arange(2 * K, 0, -2, dtype=torch.float32, device=scores.device).view(K, 1, 1)
    counts = torch.zeros(2 * K + 2, dtype=torch.float64, device=scores.device)  # by code
    total = torch.zeros(K, dtype=torch.float64, device=scores.device)
    parts = []
    for band in bands:
        logits = band.float()
        weighted = logits.sigmoid().mul_(scores.view(K, 1, 1))
        inside = logits.ge_(0)
        total += inside.sum((1, 2))
        # Replaces argmax(0), which is much slower on CPUs: of all queries with the maximum, the first has the
        # largest code. Comparing in place to numbers is faster than creating booleans.
        best = weighted.eq_(weighted.amax(0))
        code = best.mul_(inside.add_(twice)).amax(0)  # (rows, W)
        parts.append(code.long())
        _count_codes(counts, code, parts[-1])
    not_held, area = counts.view(K + 1, 2)[1:].flip(0).T
    return torch.cat(parts), torch.stack([area, area + not_held, total])


def _count_codes(counts: Tensor, code: Tensor, indices: Tensor) -> None:
    """Add the number of pixels of every code, given as float32 and as int64, to counts.

    On a GPU, scatter_add_ would be an atomic addition per pixel to few addresses, and bincount would let the
    host wait for the largest code. Comparing every pixel with every code is exact and does neither.
    """
    if code.device.type == "cpu":
        counts.scatter_add_(0, indices.flatten(), torch.ones_like(code, dtype=counts.dtype).flatten())
    else:
        codes = torch.arange(len(counts), dtype=code.dtype, device=code.device)
        counts += (code.flatten() == codes[:, None]).sum(1)


def _segment_ids(
    classes: Tensor, scores: Tensor, counts: Tensor, stuff: Tensor, overlap_threshold: float
) -> Tensor:
    """Return the segment id of every query (K,) int64, counted from 1 in the order of queries; 0: dropped."""
    held, won, total = counts
    kept = (scores >= 0) & (held > 0) & ~(won / total < overlap_threshold)
    index = torch.arange(len(scores), device=scores.device)
    same = (classes[:, None] == classes) & kept & stuff[:, None]
    first = torch.where(same, index, len(scores)).amin(1)  # query of the class, for stuff
    first = torch.where(kept & stuff, first, index)
    number = (kept & (first == index)).cumsum(0)
    return torch.where(kept, number.index_select(0, first), VOID_ID)


@functools.lru_cache(maxsize=64)
def _stuff(is_thing: tuple[bool, ...], device: torch.device, stream: int) -> Tensor:
    """Return whether each class is stuff, and False for void; cached, because the host waits for the copy."""
    return torch.tensor([*(not thing for thing in is_thing), False], device=device)
