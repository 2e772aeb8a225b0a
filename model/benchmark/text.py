"""Format results as text."""

from collections.abc import Iterator, Sequence

from .case import BenchmarkCase
from .result import STAGES, BenchmarkResult

NOTE = """Medians, and ratios to the reference CNN trunk (res2..res5, eager float32) in the same run.
Weights and images are random: masks cover parts of the image, and fusion processes all that are not void.
Memory is the peak of a separate process (VmHWM: Python, libraries, weights with the text tower, frames); its
memory before building the model is in brackets."""


def report(results: Sequence[BenchmarkResult]) -> str:
    """Return a table per case."""
    return "\n\n".join(["\n".join(_lines(result)) for result in results] + [NOTE])


def title(case: BenchmarkCase) -> str:
    """Return a one-line description of a case."""
    height, width = case.size
    return (
        f"{case.variant}, {height}x{width}, {case.vocabulary_size} classes, batch {case.batch}, "
        f"{case.backend} {case.precision} on {case.device}, threads {case.threads}, {case.clock} time"
    )


def _lines(result: BenchmarkResult) -> Iterator[str]:
    times, memory = result.times, result.memory
    yield title(result.case)
    yield f"{'':16}{'ms':>9}{'/ trunk':>9}"
    yield f"{'reference trunk':16}{1e3 * times.trunk_seconds:9.1f}{1:9.3f}"
    for name in STAGES:
        if name in times.stage_seconds:
            yield f"{name:16}{1e3 * times.stage_seconds[name]:9.1f}{times.stage_over_trunk[name]:9.3f}"
    yield f"{'total':16}{1e3 * times.total_seconds:9.1f}{times.total_over_trunk:9.3f}"
    before = memory.memory_before_bytes / 1e9
    device = f", on the GPU {memory.peak_device_bytes / 1e9:.2f} GB" if memory.peak_device_bytes else ""
    yield f"peak memory {memory.peak_memory_bytes / 1e9:.2f} GB ({before:.2f} GB){device}"
    yield (
        f"{100 * times.agreement:.3f} % of pixels agree with the reference network; "
        f"{times.segments} segments from {times.queries_kept} queries"
    )
