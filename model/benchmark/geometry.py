"""Time of positions and boxes on made-up frames: `python -m eovseg_model.benchmark.geometry`.

Squares stand on a floor in front of a wall. The time is the processor time of the thread.
"""

import argparse
import statistics
import time
from collections.abc import Sequence

import cv2
import numpy as np

from ..geometry import CameraModel, measure_geometry

CASES = (((480, 640), 20), ((720, 1280), 100))  # (height, width), number of segments
WARM_UP = 5
NOISE = 0.002  # of depth, relative


def main(arguments: Sequence[str] | None = None) -> None:
    """Print medians."""
    parser = argparse.ArgumentParser(prog="python -m eovseg_model.benchmark.geometry", description=__doc__)
    parser.add_argument("--frames", type=int, default=200, help="measured frames per case (default: 200)")
    frames = parser.parse_args(arguments).frames
    cv2.setNumThreads(1)  # the time is that of one thread
    for size, segments in CASES:
        measure(size, segments, frames)


def measure(size: tuple[int, int], segments: int, frames: int) -> None:
    """Print the time of a case."""
    label_image, depth = made_up_frame(size, segments)
    height, width = size
    k = (width, 0.0, width / 2, 0.0, width, height / 2, 0.0, 0.0, 1.0)
    camera = CameraModel(width=width, height=height, k=k)
    milliseconds = []
    for _ in range(WARM_UP + frames):
        start = time.thread_time()
        measure_geometry(label_image, depth, camera)
        milliseconds.append(1e3 * (time.thread_time() - start))
    times = sorted(milliseconds[WARM_UP:])
    print(
        f"{width}x{height}, {segments} segments, {frames} frames: median {statistics.median(times):.1f} ms, "
        f"p99 {times[int(0.99 * len(times))]:.1f} ms"
    )


def made_up_frame(size: tuple[int, int], segments: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a label image (H, W) with ids from 1 to `segments`, and depth (H, W) uint16 in millimetres."""
    height, width = size
    label_image, metres = np.ones(size, np.uint16), np.full(size, 4.0)
    label_image[height // 2 :] = 2
    metres[height // 2 :] = np.linspace(4.0, 1.0, height - height // 2)[:, None]
    columns = int(np.ceil(np.sqrt(segments * width / height)))
    cell = width // columns
    for i in range(segments - 2):
        row, column = divmod(i, columns)
        square = np.s_[row * cell : row * cell + 3 * cell // 4, column * cell : column * cell + 3 * cell // 4]
        label_image[square], metres[square] = 3 + i, 1.0 + i / segments
    noise = np.random.default_rng(0).normal(1.0, NOISE, size)
    return label_image, (1000 * metres * noise).astype(np.uint16)


if __name__ == "__main__":
    main()
