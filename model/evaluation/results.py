"""What an evaluation gave, as plain numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scores:
    """Percent of a class or mean over a group of classes; None where it is not defined or not measured.

    num_true counts true segments that are no crowds.
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
    """One run: how good (groups, of which the first is all classes, and every class), how fast, how big.

    Parameters and multiply-adds are without the text encoder, the latter for the most frequent input size.
    """

    dataset: str
    variant: str
    checkpoint: str
    images: int
    groups: tuple[Scores, ...]
    classes: tuple[Scores, ...]
    frames_per_second: float
    device: str
    backend: str  # and its precision
    parameters: int
    multiply_adds: int
    input_size: tuple[int, int]
