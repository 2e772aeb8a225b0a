"""Networks that tests of several rooms ask for, and whether two of them say the same."""

import pytest
import torch

from eovseg_model import EOVSegPredictor
from eovseg_model.benchmark.synthetic import synthetic_model


def network_of(variant: str):
    """Tiny with its real weights, the others with made-up ones."""
    if variant == "tiny":
        return EOVSegPredictor.from_checkpoint(
            "tiny", vocabulary=["mug"], device="cpu", backend="reference"
        ).model
    return synthetic_model(variant)


def share_of_equal_pixels(exact, other, scenes: int) -> float:
    """Over so many simulated scenes: how many pixels have the same class by both predictors."""
    pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")
    from eovseg_model.simulation.scenes.scene import Scene

    same = []
    for seed in range(3_000_000, 3_000_000 + scenes):
        with Scene(seed=seed) as scene:
            picture = scene.render(0.0).rgb
        a, b = _class_of_pixels(exact(picture)), _class_of_pixels(other(picture))
        same.append(float((a == b).double().mean()))
    return sum(same) / scenes


def _class_of_pixels(result):
    """Class index + 1 of the segment of every pixel (H, W), 0 for void."""
    table = torch.zeros(1 + max((s.id for s in result.segments), default=0), dtype=torch.int64)
    for segment in result.segments:
        table[segment.id] = segment.class_id + 1
    return table[result.map.long()]
