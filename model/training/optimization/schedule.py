"""Learning rates as shares of the highest, by the number of steps done before."""

from collections.abc import Sequence

import numpy as np


def cosine(step: int, *, steps: int, warm_up: int) -> float:
    """Linear warm-up, then half a cosine down to 0."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return 0.5 * (1 + float(np.cos(np.pi * done)))


def staircase(step: int, *, warm_up: int, milestones: Sequence[int], factor: float) -> float:
    """Linear warm-up, then factor once more from each milestone on."""
    warm = min(1.0, (step + 1) / warm_up) if warm_up else 1.0
    return warm * factor ** sum(step >= milestone for milestone in milestones)
