"""Learning-rate factors by the number of completed steps."""

from collections.abc import Sequence

import numpy as np


def cosine(step: int, *, steps: int, warm_up: int) -> float:
    """Return the factor of a linear warm-up followed by a half cosine to 0."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return 0.5 * (1 + float(np.cos(np.pi * done)))


def staircase(step: int, *, warm_up: int, milestones: Sequence[int], factor: float) -> float:
    """Return the factor of a linear warm-up, multiplied by factor at each milestone."""
    warm = min(1.0, (step + 1) / warm_up) if warm_up else 1.0
    return warm * factor ** sum(step >= milestone for milestone in milestones)
