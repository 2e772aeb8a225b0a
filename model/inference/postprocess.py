"""Conversion of the network's output to results."""

import numpy as np
import torch

from ..network import EOVSegConfig, EOVSegOutput
from ..vocabulary import Vocabulary
from .host_copies import to_host
from .mask_sizes import MaskSizes
from .panoptic import list_segments
from .pixel_assignment import assign_pixels
from .results import PanopticResult, Segment, SegmentFeatures, query_features


def to_results(
    output: EOVSegOutput,
    vocabulary: Vocabulary,
    config: EOVSegConfig,
    object_threshold: float,
    overlap_threshold: float,
    sizes: MaskSizes,
) -> list[PanopticResult]:
    """Return the result of each of B images of one size; the host waits for the device once, for all.

    The thresholds are those of `fuse_panoptic`.
    """
    is_thing, labels = vocabulary.is_thing, vocabulary.labels
    fused = [
        assign_pixels(classes, masks, is_thing, object_threshold, overlap_threshold, sizes)
        for classes, masks in zip(output.final_class_logits, output.mask_logits, strict=True)
    ]
    maps = [image.map.to(torch.int16) for image in fused]
    copies = to_host([maps, [image.queries for image in fused], list(query_features(output))])
    results = []
    for i, (ids, queries, rows) in enumerate(zip(*copies, strict=True)):
        found = list_segments(queries, is_thing)
        results.append(
            PanopticResult(
                map=fused[i].map,
                label_image=ids.view(np.uint16),
                segments=[
                    Segment(s.id, s.class_id, labels[s.class_id], s.is_thing, s.score, s.area) for s in found
                ],
                segment_features=SegmentFeatures.of(rows[[s.query for s in found]], config),
                class_logits=output.class_logits[i],
                mask_logits=output.mask_logits[i],
                final_class_logits=output.final_class_logits[i],
                vocabulary=vocabulary,
                _sizes=sizes,
            )
        )
    return results
