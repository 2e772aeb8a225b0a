"""Which segment continues which track."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from .masks import overlaps
from .observation import Observation
from .track import Track
from .tracking_config import TrackingConfig


def similarities(
    tracks: list[Track], observation: Observation, stamp: float, config: TrackingConfig
) -> np.ndarray:
    """Return the weighted mean of cosine, IoU and likeness of classes, (T, S), 1 at most.

    Tracks without class probabilities, as after a change of the vocabulary, are compared without them.
    """
    kernels = np.stack([track.kernel for track in tracks]) @ observation.kernels.T
    shifts = np.stack([track.shift(stamp) for track in tracks])
    areas = np.array([len(mask.rows) for mask in observation.masks])
    overlap = overlaps([track.mask for track in tracks], shifts, observation.grid, areas)
    total = config.kernel_weight * kernels + config.overlap_weight * overlap
    weights = np.full((len(tracks), 1), config.kernel_weight + config.overlap_weight)
    known = [(i, track.probabilities) for i, track in enumerate(tracks) if track.probabilities is not None]
    if known:
        named = [i for i, _ in known]
        roots = np.sqrt(np.stack([probabilities for _, probabilities in known]))
        total[named] += config.class_weight * (roots @ np.sqrt(observation.probabilities).T)
        weights[named] += config.class_weight
    return total / np.maximum(weights, 1e-9)


def assign(similarity: np.ndarray, least: float) -> list[tuple[int, int]]:
    """Return the pairs of rows and columns with the largest sum, without pairs below `least`.

    Example:
        >>> assign(np.array([[0.9, 0.8], [0.7, 0.1]]), least=0.3)  # 0.8 + 0.7 is more than 0.9 alone
        [(0, 1), (1, 0)]
    """
    allowed = similarity >= least
    rows, columns = linear_sum_assignment(np.where(allowed, similarity - least, 0.0), maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if allowed[r, c]]
