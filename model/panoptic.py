"""From class and mask logits to panoptic, semantic and instance results: no network in here."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

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


def upsample_masks(
    mask_logits: Tensor, padded: Sequence[int], image: Sequence[int], output: Sequence[int]
) -> Tensor:
    """Mask logits (N, H/4, W/4) -> (N, *output): to the padded input, cut to the image, to the output size.

    All sizes are (height, width); bilinear.
    """
    masks = F.interpolate(mask_logits[None], size=tuple(padded), mode="bilinear", align_corners=False)
    masks = masks[..., : image[0], : image[1]]
    if tuple(image) != tuple(output):
        masks = F.interpolate(masks, size=tuple(output), mode="bilinear", align_corners=False)
    return masks[0]


@torch.no_grad()
def fuse_panoptic(
    final_class_logits: Tensor,
    mask_logits: Tensor,
    is_thing: Sequence[bool],
    object_threshold: float = 0.0,
    overlap_threshold: float = 0.8,
) -> PanopticMap:
    """Assign every pixel to at most one segment.

    final_class_logits (N, C + 1) with void last, mask_logits (N, H, W) at the output size, is_thing
    one flag per class. Queries whose best class is void or whose score is not above
    object_threshold are dropped; a segment survives if the pixels it won are at least
    overlap_threshold of all the pixels where its probability is 0.5 or more.
    Tensors or arrays. Source: the inference of Mask2Former (Cheng et al. 2022), stuff joined by class.
    """
    final_class_logits, mask_logits = torch.as_tensor(final_class_logits), torch.as_tensor(mask_logits)
    num_classes = final_class_logits.shape[-1] - 1
    scores, classes = final_class_logits.softmax(-1).max(-1)
    kept = ((classes != num_classes) & (scores > object_threshold)).nonzero()[:, 0]
    panoptic = torch.zeros(mask_logits.shape[-2:], dtype=torch.int32, device=mask_logits.device)
    if len(kept) == 0:
        return PanopticMap(panoptic, [])
    scores, classes = scores[kept], classes[kept]
    probability = mask_logits[kept].sigmoid()  # (K, H, W)
    winner = (scores.view(-1, 1, 1) * probability).argmax(0)  # (H, W)
    inside = probability >= 0.5
    won = _count(winner, len(kept))
    total = inside.flatten(1).sum(1)
    own = torch.gather(inside, 0, winner[None])[0]  # (H, W), does the winner hold the pixel?
    area = _count(winner[own], len(kept))
    table, segments = _assign_ids(
        classes.tolist(),
        scores.tolist(),
        area.tolist(),
        won.tolist(),
        total.tolist(),
        is_thing,
        overlap_threshold,
    )
    ids = torch.tensor(table, dtype=torch.int32, device=winner.device)
    return PanopticMap(torch.where(own, ids[winner], panoptic), segments)


def _count(index: Tensor, bins: int) -> Tensor:
    return torch.bincount(index.flatten(), minlength=bins)


def _assign_ids(
    classes: list[int],
    scores: list[float],
    area: list[int],
    won: list[int],
    total: list[int],
    is_thing: Sequence[bool],
    overlap_threshold: float,
) -> tuple[list[int], list[FusedSegment]]:
    """The segment id of every kept query (0: dropped), and the segments."""
    table = [0] * len(classes)
    segments: list[FusedSegment] = []
    stuff: dict[int, int] = {}  # class id -> segment id
    for k, class_id in enumerate(classes):
        if area[k] == 0 or won[k] / total[k] < overlap_threshold:
            continue
        if class_id in stuff:
            table[k] = stuff[class_id]
            first = segments[table[k] - 1]
            segments[table[k] - 1] = first._replace(area=first.area + area[k])
            continue
        table[k] = len(segments) + 1
        thing = bool(is_thing[class_id])
        if not thing:
            stuff[class_id] = table[k]
        segments.append(FusedSegment(table[k], class_id, thing, scores[k], area[k]))
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
