"""What the tracker can be told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrackingConfig:
    """Weights, gates and memory of the tracker; docs/tracking.md has the measurements behind the defaults.

    kernel_weight, overlap_weight and class_weight say how much each part counts in the similarity of a track
    and a segment: the cosine of their object kernels, the IoU of their masks, and the Bhattacharyya
    coefficient of their class probabilities. A pair needs at least min_similarity (0 to 1). A track that is
    not seen is forgotten after memory seconds of the stamps. smoothing is the weight of the past in the
    average of a track's class probabilities: 0 takes each frame by itself.

    Raises ValueError for a value that is out of range.

    Example:
        >>> TrackingConfig(smoothing=0.5).memory
        10.0
        >>> TrackingConfig(smoothing=1.0)
        Traceback (most recent call last):
        ...
        ValueError: smoothing must be at least 0 and less than 1; got 1.0
    """

    kernel_weight: float = 1.0
    overlap_weight: float = 1.0
    class_weight: float = 1.0
    min_similarity: float = 0.35
    memory: float = 10.0
    smoothing: float = 0.8

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing < 1:
            raise ValueError(f"smoothing must be at least 0 and less than 1; got {self.smoothing}")
        if not self.memory > 0:
            raise ValueError(f"memory must be more than 0 seconds; got {self.memory}")
        weights = (self.kernel_weight, self.overlap_weight, self.class_weight)
        if min(weights) < 0 or not sum(weights) > 0:
            raise ValueError(f"weights must not be negative, and one must be more than 0; got {weights}")
