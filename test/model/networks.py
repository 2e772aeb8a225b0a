"""Networks that tests of several rooms ask for, and what they say of a picture."""

import torch

from eovseg_model import EOVSegPredictor
from eovseg_model.benchmark.synthetic import synthetic_model


def network_of(variant: str):
    """Tiny with its real weights, the others with made-up ones."""
    if variant == "tiny":
        return EOVSegPredictor.from_checkpoint("tiny", vocabulary=["mug"]).model
    return synthetic_model(variant)


def class_of_pixels(result):
    """Class index + 1 of the segment of every pixel (H, W), 0 for void."""
    table = torch.zeros(1 + max((s.id for s in result.segments), default=0), dtype=torch.int64)
    for segment in result.segments:
        table[segment.id] = segment.class_id + 1
    return table[result.map.long()]
