"""Panoptic, semantic and instance results from class and mask logits."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .mask_sizes import MaskSizes, rows_per_band, upsampled_bands
from .regions import VOID_ID

MAX_INSTANCES = 100


class FusedSegment(NamedTuple):
    """A segment of a panoptic map; score is the class probability of its first query, area is in pixels."""

    id: int
    class_id: int
    is_thing: bool
    score: float
    area: int


class PanopticMap(NamedTuple):
    """A map (H, W) int32 of segment ids, 0 void, and its segments in the order of ids."""

    map: Tensor
    segments: list[FusedSegment]


class Instances(NamedTuple):
    """Things by descending score: scores (I,), class_ids (I,), boolean masks (I, H, W)."""

    scores: Tensor
    class_ids: Tensor
    masks: Tensor


@torch.no_grad()
def fuse_panoptic(
    final_class_logits: Tensor,
    mask_logits: Tensor,
    is_thing: Sequence[bool],
    object_threshold: float = 0.0,
    overlap_threshold: float = 0.8,
    sizes: MaskSizes | None = None,
) -> PanopticMap:
    """Assign every pixel to at most one segment.

    Args:
        final_class_logits: (N, C + 1), void last; tensor or array.
        mask_logits: (N, H, W) at the output size, or at H/4, W/4 with sizes; tensor or array.
        is_thing: one flag per class.
        object_threshold: queries are dropped unless their score is higher; so are those of class void.
        overlap_threshold: a segment is kept if it wins at least this share of the pixels of its mask
            (probability 0.5 or more).
        sizes: sizes to which mask_logits are upsampled; None for the output size.

    The host waits for the device once. Source: inference of Mask2Former (Cheng et al. 2022); stuff is merged
    by class.

    Example:
        >>> class_logits = torch.tensor([[4.0, 0.0], [3.0, 0.0]])  # two queries of class 0; class 1 is void
        >>> mask_logits = torch.tensor([[[5.0, 5.0, -5.0]], [[-5.0, -5.0, 5.0]]])
        >>> result = fuse_panoptic(class_logits, mask_logits, is_thing=[True])
        >>> result.map.tolist()
        [[1, 1, 2]]
        >>> [(segment.id, segment.class_id, segment.area) for segment in result.segments]
        [(1, 0, 2), (2, 0, 1)]
    """
    final_class_logits, mask_logits = torch.as_tensor(final_class_logits), torch.as_tensor(mask_logits)
    num_classes = final_class_logits.shape[-1] - 1
    scores, classes = final_class_logits.softmax(-1).max(-1)
    scores = torch.where((classes != num_classes) & (scores > object_threshold), scores, -1)
    if mask_logits.device.type == "cpu":  # on other devices the host would wait for the selection
        kept = scores >= 0
        if not kept.all():
            scores, classes, mask_logits = scores[kept], classes[kept], mask_logits[kept]
    if len(scores) == 0:
        output = mask_logits.shape[-2:] if sizes is None else sizes.output
        return PanopticMap(torch.zeros(*output, dtype=torch.int32, device=scores.device), [])
    if sizes is None:
        K, _, width = mask_logits.shape
        bands: Iterable[Tensor] = (band.clone() for band in mask_logits.split(rows_per_band(K, width), 1))
    else:
        bands = upsampled_bands(mask_logits, sizes)
    codes, counts = _count_pixels(bands, scores)
    table, segments = _assign_ids(
        torch.cat([classes[None], scores[None], counts]).tolist(), is_thing, overlap_threshold
    )
    ids = torch.zeros(len(table) + 1, 2, dtype=torch.int32)
    ids[1:, 1] = torch.tensor(table, dtype=torch.int32).flip(0)
    panoptic = ids.flatten().to(codes.device).index_select(0, codes.flatten()).view_as(codes)
    return PanopticMap(panoptic, segments)


def _count_pixels(bands: Iterable[Tensor], scores: Tensor) -> tuple[Tensor, Tensor]:
    """Determine which query wins each pixel and whether the pixel is in its mask, and count pixels.

    bands (K, rows, W) are mask logits, which are overwritten; scores (K,) are negative for dropped queries.
    Returns codes (H, W), 2 * (K - query), plus 1 if the pixel is in the query's mask, and counts (3, K)
    float64: pixels won and in the mask, pixels won, pixels in the mask.
    """
    K = len(scores)
    twice = torch.arange(2 * K, 0, -2, dtype=torch.float32, device=scores.device).view(K, 1, 1)
    counts = torch.zeros(2 * K + 2, dtype=torch.float64, device=scores.device)
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
        code = best.mul_(inside.add_(twice)).amax(0).long()  # (rows, W)
        counts.scatter_add_(0, code.flatten(), torch.ones_like(code, dtype=counts.dtype).flatten())
        parts.append(code)
    not_held, area = counts.view(K + 1, 2)[1:].flip(0).T
    return torch.cat(parts), torch.stack([area, area + not_held, total])


def _assign_ids(
    queries: list[list[float]], is_thing: Sequence[bool], overlap_threshold: float
) -> tuple[list[int], list[FusedSegment]]:
    """Return the segment id of every query (0: dropped), and the segments.

    queries holds lists of class, score, pixels won and in the mask, pixels won, and pixels in the mask.
    """
    table: list[int] = []
    segments: list[FusedSegment] = []
    stuff: dict[int, int] = {}  # class id -> segment id
    for label, score, held, won, total in zip(*queries, strict=True):
        class_id, area = int(label), int(held)
        if score < 0 or area == 0 or won / total < overlap_threshold:
            table.append(VOID_ID)
            continue
        if class_id in stuff:
            table.append(stuff[class_id])
            first = segments[table[-1] - 1]
            segments[table[-1] - 1] = first._replace(area=first.area + area)
            continue
        table.append(len(segments) + 1)
        thing = bool(is_thing[class_id])
        if not thing:
            stuff[class_id] = table[-1]
        segments.append(FusedSegment(table[-1], class_id, thing, score, area))
    return table, segments


@torch.no_grad()
def fuse_semantic(final_class_logits: Tensor, mask_logits: Tensor) -> Tensor:
    """Return the class index of every pixel, never void: (N, C + 1) and (N, H, W) -> (H, W) int64.

    Example:
        >>> class_logits = torch.tensor([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0]])  # classes 0, 1; class 2 is void
        >>> fuse_semantic(class_logits, torch.tensor([[[5.0, -5.0]], [[-5.0, 5.0]]])).tolist()
        [[0, 1]]
    """
    probability = final_class_logits.softmax(-1)[:, :-1]
    return torch.einsum("nc,nhw->chw", probability, mask_logits.sigmoid()).argmax(0)


@torch.no_grad()
def fuse_instances(final_class_logits: Tensor, mask_logits: Tensor, is_thing: Sequence[bool]) -> Instances:
    """Return the things among the 100 best (class, query) pairs.

    The score is the class probability times the mean mask probability inside the mask.

    Example:
        >>> class_logits = torch.tensor([[4.0, 0.0]])  # class 0; class 1 is void
        >>> instances = fuse_instances(class_logits, torch.tensor([[[5.0, -5.0]]]), is_thing=[True])
        >>> instances.class_ids.tolist(), instances.masks.tolist()
        ([0], [[[True, False]]])
    """
    probability = final_class_logits.softmax(-1)[:, :-1]
    num_classes = probability.shape[1]
    scores, index = probability.flatten().topk(min(MAX_INSTANCES, probability.numel()))
    classes, queries = index % num_classes, index // num_classes
    things = torch.tensor([bool(t) for t in is_thing], device=classes.device)[classes]
    scores, classes, logits = scores[things], classes[things], mask_logits[queries[things]]
    masks = logits > 0
    area = masks.flatten(1).sum(1)
    mean = (logits.sigmoid() * masks).flatten(1).sum(1) / (area + 1e-6)
    order = (scores * mean).argsort(descending=True)
    return Instances((scores * mean)[order], classes[order], masks[order])
