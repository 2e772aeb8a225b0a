"""What was measured."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

from .case import BenchmarkCase

STAGES = ("preprocess", "CNN", "ViT", "aggregator", "VAS", "decoder", "classification", "fusion")


class Times(NamedTuple):
    """Medians in seconds, and how the maps agree; no stages for a backend that runs as one piece."""

    trunk_seconds: float  # res2..res5 of the plain CNN, eager float32, on the same input in the same run
    total_seconds: float
    total_over_trunk: float  # median of the ratios of neighbours
    stage_seconds: dict[str, float]
    stage_over_trunk: dict[str, float]
    agreement: float  # share of pixels whose segment is the plain network's
    segments: int  # found in the first picture where no overlap drops one
    queries_kept: int  # of the first picture, those that fusion had to look at


class Memory(NamedTuple):
    """Most physical memory of a process of its own, what it had before there was a model, most on a GPU."""

    peak_memory_bytes: int
    memory_before_bytes: int
    peak_device_bytes: int  # that PyTorch had; an engine of TensorRT has more of its own


@dataclass(frozen=True)
class BenchmarkResult:
    """One case with what was measured."""

    case: BenchmarkCase
    times: Times
    memory: Memory

    def as_json(self) -> dict[str, object]:
        """All figures side by side."""
        return {**asdict(self.case), **self.times._asdict(), **self.memory._asdict()}
