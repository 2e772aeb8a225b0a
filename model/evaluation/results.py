"""Results of an evaluation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scores:
    """Scores of a class or means over a group, in percent; None if undefined or not measured.

    num_true is the number of ground-truth segments, without crowds.
    """

    name: str
    pq: float | None
    sq: float | None
    rq: float | None
    ap: float | None
    miou: float | None
    num_true: int | None


@dataclass(frozen=True)
class EvaluationResult:
    """An evaluation: scores of groups (the first is all classes) and of every class, speed and size.

    Parameters and multiply-adds exclude the text encoder; multiply-adds are for the most frequent input size.
    """

    dataset: str
    variant: str
    checkpoint: str
    images: int
    groups: tuple[Scores, ...]
    classes: tuple[Scores, ...]
    frames_per_second: float
    device: str
    backend: str  # with its precision
    parameters: int
    multiply_adds: int
    input_size: tuple[int, int]
