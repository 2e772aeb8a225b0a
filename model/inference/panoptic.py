"""From class and mask logits to panoptic, semantic and instance results: no network in here."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .mask_sizes import MaskSizes, rows_per_band, upsampled_bands
from .regions import VOID_ID

MAX_INSTANCES = 100


class FusedSegment(NamedTuple):
    """One segment of a panoptic map; score is the class probability of its first query, area in pixels."""

    id: int
    class_id: int
    is_thing: bool
    score: float
    area: int


class PanopticMap(NamedTuple):
    """map (H, W) int32 of segment ids, 0 void; the segments in the order of their ids."""

    map: Tensor
    segments: list[FusedSegment]


class Instances(NamedTuple):
    """Things, best first: scores (I,), class_ids (I,), masks (I, H, W) boolean."""

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

    final_class_logits (N, C + 1) with void last, mask_logits (N, H, W) at the output size, or at H/4, W/4
    with the sizes to bring them to, is_thing one flag per class. Queries whose best class is void or
    whose score is not above object_threshold are dropped; a segment survives if the pixels it won are at
    least overlap_threshold of all the pixels where its probability is 0.5 or more. The host waits for the
    device once.
    Tensors or arrays. Source: the inference of Mask2Former (Cheng et al. 2022), stuff joined by class.
    """
    final_class_logits, mask_logits = torch.as_tensor(final_class_logits), torch.as_tensor(mask_logits)
    num_classes = final_class_logits.shape[-1] - 1
    scores, classes = final_class_logits.softmax(-1).max(-1)
    scores = torch.where((classes != num_classes) & (scores > object_threshold), scores, -1)
    if mask_logits.device.type == "cpu":  # elsewhere a selection would be a second wait
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
    """Which query wins each pixel and whether its mask holds it, and how many pixels each query has.

    bands (K, rows, W) of mask logits, which are written over, scores (K,), negative where dropped -> codes
    (H, W), which are 2 (K - query), 1 more where its mask holds the pixel; and (3, K) float64: pixels won and
    held, won at any probability, held whether won or not.
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
        # argmax(0), many times faster on CPUs: the first of those that equal the maximum has the largest
        # code. A comparison that writes numbers is faster than one that writes booleans.
        best = weighted.eq_(weighted.amax(0))
        code = best.mul_(inside.add_(twice)).amax(0).long()  # (rows, W)
        counts.scatter_add_(0, code.flatten(), torch.ones_like(code, dtype=counts.dtype).flatten())
        parts.append(code)
    not_held, area = counts.view(K + 1, 2)[1:].flip(0).T
    return torch.cat(parts), torch.stack([area, area + not_held, total])


def _assign_ids(
    queries: list[list[float]], is_thing: Sequence[bool], overlap_threshold: float
) -> tuple[list[int], list[FusedSegment]]:
    """The segment id of every query (0: dropped), and the segments.

    queries: lists of class, score, pixels won and held, pixels won, pixels held.
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
    """Class index of every pixel, never void: (N, C + 1) and (N, H, W) -> (H, W) int64."""
    probability = final_class_logits.softmax(-1)[:, :-1]
    return torch.einsum("nc,nhw->chw", probability, mask_logits.sigmoid()).argmax(0)


@torch.no_grad()
def fuse_instances(final_class_logits: Tensor, mask_logits: Tensor, is_thing: Sequence[bool]) -> Instances:
    """Things among the 100 best (class, query) pairs; score: class x mean mask probability inside."""
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
