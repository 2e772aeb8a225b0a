"""The command `eovseg-bags benchmark`."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from eovseg_ros.bags.number_arguments import number, whole_number


def add_benchmark_command(commands: Any) -> None:
    """Declare the command."""
    about = "compare the speed of labelling a bag of 320x240 images at 10 Hz with that of the model alone"
    parser = commands.add_parser("benchmark", help="measure the speed of labelling", description=about)
    add = parser.add_argument
    add("--seconds", type=number(1.0), default=600.0, help="length of the bag (default: 600)")
    add("--variant", choices=("tiny", "s", "m", "l"), default="tiny")
    add("--threads", type=whole_number(1), default=1, help="CPU threads of the model (default: 1)")
    text = (
        "instead, label it in pieces with 1, 2, ... N workers, of one thread each, of a Ray cluster made here"
    )
    add("--workers", type=whole_number(0), default=0, metavar="N", help=text)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, command: str) -> int:
    if options.workers:
        return _compare_workers(options)
    from eovseg_ros.bags.benchmark.speed import measure_speed
    from eovseg_ros.bags.labelling.model import load_label_model
    from eovseg_ros.bags.labelling.settings import ModelSettings

    model = load_label_model(ModelSettings(variant=options.variant), options.threads)
    with tempfile.TemporaryDirectory() as folder:
        speed = measure_speed(model, options.seconds, Path(folder))
    print(f"model alone      {speed.model:8.2f} frames/s")
    print(f"labelling a bag  {speed.labelling:8.2f} frames/s, {speed.labelling / speed.model:.1%} of it")
    print(f"processor time   {speed.processor_share:8.1%} of it is the model's")
    print(f"memory grew by   {speed.growth:8.1f} MB from the second to the last tenth")
    return 0


def _compare_workers(options: argparse.Namespace) -> int:
    from eovseg_ros.bags.benchmark.scaling import measure_scaling
    from eovseg_ros.bags.labelling.settings import ModelSettings

    print("frames/s of all workers together")
    print("workers   model alone     labelling    whole run")
    model, first = ModelSettings(variant=options.variant), None
    with tempfile.TemporaryDirectory() as folder:
        for found in measure_scaling(model, options.workers, options.seconds, Path(folder)):
            first = first or found
            alone, labelling, run = (
                f"{value:6.2f} {value / base:4.2f}x" for value, base in zip(found[1:], first[1:], strict=True)
            )
            print(f"{found.workers:7}  {alone}  {labelling}  {run}", flush=True)
    return 0
