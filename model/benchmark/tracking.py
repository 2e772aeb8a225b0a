"""Time and memory of tracking on made-up frames: `python -m eovseg_model.benchmark.tracking`.

Squares with noisy kernels move over an image, disappear and come back. The time is the processor time of the
thread.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..inference import Segment, SegmentFeatures
from ..tracking import Tracker
from ..vocabulary import Vocabulary

CASES = (((240, 320), 20), ((720, 1280), 100))  # (height, width), number of segments
CLASSES = 150
KERNEL = 256  # length
HIDDEN = 0.02  # share of frames that do not show an object
NEW = 0.002  # share of frames that begin a new object in place of one
WARM_UP = 20


@dataclass(frozen=True)
class MadeUpResult:
    """What the tracker reads of a PanopticResult."""

    label_image: np.ndarray
    segments: list[Segment]
    segment_features: SegmentFeatures
    vocabulary: Vocabulary


def main(arguments: Sequence[str] | None = None) -> None:
    """Print medians and memory."""
    parser = argparse.ArgumentParser(prog="python -m eovseg_model.benchmark.tracking", description=__doc__)
    parser.add_argument("--frames", type=int, default=500, help="measured frames per case (default: 500)")
    frames = parser.parse_args(arguments).frames
    for size, segments in CASES:
        measure(size, segments, frames)


def measure(size: tuple[int, int], segments: int, frames: int) -> None:
    """Print the time of a case, and the process's memory at its first and last quarter."""
    tracker, seconds, memory = Tracker(), [], []
    for i, result in enumerate(made_up_frames(size, segments, WARM_UP + frames)):
        start = time.thread_time()
        tracker.update(result, 0.1 * i)
        seconds.append(time.thread_time() - start)
        memory.append(resident_memory())
    times = sorted(1e3 * s for s in seconds[WARM_UP:])
    early = statistics.median(memory[frames // 4 : frames // 2]) / 1e6
    late = statistics.median(memory[-frames // 4 :]) / 1e6
    print(
        f"{size[1]}x{size[0]}, {segments} segments, {frames} frames: "
        f"median {statistics.median(times):.2f} ms, "
        f"p99 {times[int(0.99 * len(times))]:.2f} ms; memory {early:.0f} MB early, {late:.0f} MB late"
    )


def made_up_frames(size: tuple[int, int], segments: int, count: int) -> Iterator[MadeUpResult]:
    """Yield results of a sequence without a network; the same for the same arguments."""
    draw = np.random.default_rng(0)
    vocabulary = Vocabulary.parse([f"name {i}" for i in range(CLASSES)])
    height, width = size
    side = int(np.sqrt(0.5 * height * width / segments))
    kernels = draw.normal(size=(segments, KERNEL))
    classes = draw.integers(CLASSES, size=segments)
    position = draw.random((segments, 2)) * (height - side, width - side)
    for _ in range(count):
        begun = draw.random(segments) < NEW
        kernels[begun] = draw.normal(size=(begun.sum(), KERNEL))
        position = np.clip(
            position + draw.normal(scale=0.02 * side, size=position.shape), 0, (height - side, width - side)
        )
        shown = np.flatnonzero(draw.random(segments) >= HIDDEN)
        label_image = np.zeros(size, np.uint16)
        for i, k in enumerate(shown):
            top, left = position[k].astype(int)
            label_image[top : top + side, left : left + side] = i + 1
        probabilities = np.full((len(shown), CLASSES), 1e-3, np.float32)
        probabilities[range(len(shown)), classes[shown]] = 0.85
        noisy = kernels[shown] + draw.normal(scale=0.3, size=(len(shown), KERNEL))
        yield MadeUpResult(
            label_image=label_image,
            segments=[
                Segment(i + 1, int(classes[k]), "", True, 0.85, side * side) for i, k in enumerate(shown)
            ],
            segment_features=SegmentFeatures(
                kernels=noisy.astype(np.float32),
                embeddings=np.zeros((len(shown), 1), np.float32),
                probabilities=probabilities,
            ),
            vocabulary=vocabulary,
        )


def resident_memory() -> int:
    """Return the resident memory of the process in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
