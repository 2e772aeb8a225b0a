"""Results of a measurement."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

from .case import BenchmarkCase

STAGES = ("preprocess", "CNN", "ViT", "aggregator", "VAS", "decoder", "classification", "fusion")


class Times(NamedTuple):
    """Medians in seconds, and agreement of the maps; engines have no separate stages."""

    trunk_seconds: float  # res2..res5 of the reference CNN, eager float32, on the same input in the same run
    total_seconds: float
    total_over_trunk: float  # median of the ratios within each repeat
    stage_seconds: dict[str, float]
    stage_over_trunk: dict[str, float]
    agreement: float  # share of pixels with the same segment as in the reference network
    segments: int  # in the first image, with an overlap threshold of 0
    queries_kept: int  # in the first image: queries that are not void


class Memory(NamedTuple):
    """Peak physical memory of a separate process, memory before building the model, and peak GPU memory."""

    peak_memory_bytes: int
    memory_before_bytes: int
    peak_device_bytes: int  # of PyTorch; a TensorRT engine allocates more


@dataclass(frozen=True)
class BenchmarkResult:
    """A case and its measurements."""

    case: BenchmarkCase
    times: Times
    memory: Memory

    def as_json(self) -> dict[str, object]:
        """Return case and measurements as one flat dict."""
        return {**asdict(self.case), **self.times._asdict(), **self.memory._asdict()}
