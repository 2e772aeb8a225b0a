"""Measure speed, relative to the CNN trunk, and memory with random weights.

Lists are combined: two sizes and three vocabulary sizes are six cases, each measured in separate processes.
The ratios are comparable between machines; the times are not.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..backends import BACKENDS, DEFAULT_BACKEND, DEFAULT_DEVICE, DEFAULT_PRECISION
from ..network import CONFIGS
from .arguments.errors import CommandError
from .arguments.model_arguments import DEVICE_HELP
from .info import input_size

if TYPE_CHECKING:
    from ..benchmark import BenchmarkCase


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--variant", choices=CONFIGS, nargs="+", default=["s"])
    text = "height x width of the network's input; images and results have 3/4 of it (default: 640x864)"
    add("--size", nargs="+", default=["640x864"], metavar="HxW", help=text)
    text = "number of classes with one name each (default: 150)"
    add("--vocabulary-size", type=int, nargs="+", default=[150], metavar="N", help=text)
    text = f"{', '.join(BACKENDS)}; reference is the unchanged network (default: {DEFAULT_BACKEND})"
    add("--backend", nargs="+", default=[DEFAULT_BACKEND], help=text)
    add("--device", default=DEFAULT_DEVICE, help=DEVICE_HELP)
    text = f"fp32, bf16, int8 or fp16, if the backend supports it (default: {DEFAULT_PRECISION})"
    add("--precision", nargs="+", default=[DEFAULT_PRECISION], help=text)
    add("--threads", type=int, nargs="+", default=[1], metavar="N", help="CPU threads (default: 1)")
    add("--batch", type=int, nargs="+", default=[1], metavar="N", help="images per call (default: 1)")
    text = "wall time, or cpu: processor time, for machines with other load (default: wall)"
    add("--clock", choices=("wall", "cpu"), default="wall", help=text)
    add("--repeats", type=int, default=5, metavar="N", help="measured repeats (default: 5)")
    add("--json", type=Path, metavar="FILE", help="write the results as JSON")
    add("--plot", type=Path, metavar="FILE.svg", help="plot the results as SVG")


def run(arguments: argparse.Namespace) -> int:
    """Measure all cases and print the results; write the files after every case."""
    from tqdm import tqdm

    from ..benchmark import BenchmarkError, draw, report, run_case, steps, title

    if arguments.plot and arguments.plot.suffix != ".svg":
        raise CommandError(f"--plot must end in .svg; got {arguments.plot}")
    cases, results = list(_cases(arguments)), []
    progress = tqdm(total=len(cases) * steps(arguments.repeats), unit="step")

    def show(step: str) -> None:
        progress.set_description(step)
        progress.update()

    try:
        for case in cases:
            tqdm.write(title(case), file=sys.stderr)
            results.append(run_case(case, arguments.repeats, show))
            if arguments.json:
                content = {"results": [result.as_json() for result in results]}
                arguments.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
            if arguments.plot:
                arguments.plot.write_text(draw(results), encoding="utf-8")
    except BenchmarkError as error:
        raise CommandError(str(error)) from error
    finally:
        progress.close()
        if results:
            print(report(results))
    return 0


def _cases(arguments: argparse.Namespace) -> Iterator["BenchmarkCase"]:
    from ..backends import BackendError, check_backend, resolve_device
    from ..benchmark import BenchmarkCase

    try:
        device = resolve_device(arguments.device)
        for precision in arguments.precision:
            backends = [check_backend(name, precision, device.type) for name in arguments.backend]
    except BackendError as error:
        raise CommandError(str(error)) from error
    numbers = (*arguments.vocabulary_size, *arguments.threads, *arguments.batch, arguments.repeats)
    if min(numbers) < 1:
        raise CommandError("--vocabulary-size, --threads, --batch and --repeats must be at least 1")
    for variant, size, classes, backend, precision, threads, batch in itertools.product(
        arguments.variant,
        [input_size(text) for text in arguments.size],
        arguments.vocabulary_size,
        backends,
        arguments.precision,
        arguments.threads,
        arguments.batch,
    ):
        yield BenchmarkCase(
            variant=variant,
            size=size,
            vocabulary_size=classes,
            backend=backend,
            device=str(device),
            precision=precision,
            threads=threads,
            batch=batch,
            clock=arguments.clock,
        )
