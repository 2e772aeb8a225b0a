"""Time of a batch of images and of single calls: `python -m eovseg_model.benchmark.batch`.

The predictor segments the same images one by one and as a batch, alternately in one run. Weights are random.
"""

import argparse
import statistics
from collections.abc import Sequence

import numpy as np
import torch

from ...backends import (
    DEFAULT_BACKEND,
    DEFAULT_DEVICE,
    DEFAULT_PRECISION,
    BackendError,
    load_backend,
    resolve_device,
)
from ...inference import EOVSegPredictor
from ...network import CONFIGS
from ..stage_clock import StageClock
from ..synthetic import synthetic_model, synthetic_picture

WARM_UP = 2  # the first calls convert weights, wait for engines and record CUDA graphs


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the medians of each number of images."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if min(*options.batch, options.classes, options.threads, options.repeats) < 1:
        parser.error("--batch, --classes, --threads and --repeats must be at least 1")
    torch.set_num_threads(options.threads)
    try:
        predictor = _load(options)
    except BackendError as error:
        parser.error(str(error))
    clock = StageClock(options.clock)
    largest = max(options.batch)
    pictures = [synthetic_picture((options.height, options.width), seed) for seed in range(largest)]
    case = (
        f"{options.variant}, {predictor.backend_status.title} on {predictor.device}, threads: "
        f"{options.threads}, {options.width}x{options.height}, {options.classes} classes"
    )
    time = "processor time" if options.clock == "cpu" else "wall time"
    print(f"{case}: {time} per image, median of {options.repeats}")
    for number in options.batch:
        singly, together = measure(predictor, pictures[:number], clock, options.repeats)
        print(
            f"{number} images: one by one {singly:.1f} ms, as a batch {together:.1f} ms "
            f"({together / singly:.2f} of it)",
            flush=True,
        )
    predictor.close()


def measure(
    predictor: EOVSegPredictor, pictures: Sequence[np.ndarray], clock: StageClock, repeats: int
) -> tuple[float, float]:
    """Return the medians of milliseconds per image, of single calls and of a batch."""
    singly, together = [], []
    for repeat in range(WARM_UP + repeats):
        start = clock.now()
        for picture in pictures:
            predictor(picture)
        middle = clock.now()
        predictor.segment_batch(pictures)
        end = clock.now()
        if repeat >= WARM_UP:
            singly.append(middle - start)
            together.append(end - middle)
    one, other = (1e3 * statistics.median(seconds) / len(pictures) for seconds in (singly, together))
    return one, other


def _load(options: argparse.Namespace) -> EOVSegPredictor:
    """Load a predictor that waits for engines. Raises BackendError."""
    device = resolve_device(options.device)
    model = synthetic_model(options.variant).to(device)
    backend = load_backend(options.backend, model, options.precision, patient=True)
    return EOVSegPredictor(model, [f"object {number}" for number in range(options.classes)], backend=backend)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eovseg_model.benchmark.batch", description=__doc__)
    add = parser.add_argument
    add("--variant", choices=CONFIGS, default="tiny", help="default: %(default)s")
    text = "numbers of images (default: 2 4)"
    add("--batch", type=int, nargs="+", default=[2, 4], metavar="N", help=text)
    add("--backend", default=DEFAULT_BACKEND, help="default: %(default)s")
    add("--precision", default=DEFAULT_PRECISION, help="default: %(default)s")
    add("--device", default=DEFAULT_DEVICE, help="default: %(default)s")
    add("--width", type=int, default=640, metavar="PIXELS", help="of the images (default: %(default)s)")
    add("--height", type=int, default=480, metavar="PIXELS", help="of the images (default: %(default)s)")
    add("--classes", type=int, default=20, metavar="N", help="of one name each (default: %(default)s)")
    add("--threads", type=int, default=1, metavar="N", help="CPU threads (default: %(default)s)")
    text = "wall time, or cpu: processor time, for machines with other load (default: wall)"
    add("--clock", choices=("wall", "cpu"), default="wall", help=text)
    add("--repeats", type=int, default=20, metavar="N", help="measured repeats (default: %(default)s)")
    return parser


if __name__ == "__main__":
    main()
