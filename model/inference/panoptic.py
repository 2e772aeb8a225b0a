"""Panoptic, semantic and instance results from class and mask logits."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .mask_sizes import MaskSizes
from .pixel_assignment import assign_pixels
from .regions import VOID_ID

MAX_INSTANCES = 100


class FusedSegment(NamedTuple):
    """A segment of a panoptic map: its first query with its class probability, and the area in pixels."""

    id: int
    class_id: int
    is_thing: bool
    score: float
    area: int
    query: int


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
    fused = assign_pixels(
        final_class_logits, mask_logits, is_thing, object_threshold, overlap_threshold, sizes
    )
    return PanopticMap(fused.map, list_segments(fused.queries.tolist(), is_thing))


def list_segments(queries: Iterable[Sequence[float]], is_thing: Sequence[bool]) -> list[FusedSegment]:
    """Return the segments that queries make, in the order of their ids; rows as in `AssignedPixels`."""
    segments: list[FusedSegment] = []
    for number, label, score, pixels, query in queries:
        if number == VOID_ID:
            continue
        if number <= len(segments):  # more of a stuff segment
            first = segments[int(number) - 1]
            segments[int(number) - 1] = first._replace(area=first.area + int(pixels))
        else:
            class_id = int(label)
            thing = bool(is_thing[class_id])
            segments.append(FusedSegment(int(number), class_id, thing, float(score), int(pixels), int(query)))
    return segments


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
