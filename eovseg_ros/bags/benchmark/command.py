"""The command `eovseg-bags benchmark`."""

import argparse
import tempfile
from pathlib import Path
from typing import Any


def add_benchmark_command(commands: Any) -> None:
    """Declare the command."""
    about = "compare the speed of labelling a bag of 320x240 images at 10 Hz with that of the model alone"
    parser = commands.add_parser("benchmark", help="measure the speed of labelling", description=about)
    add = parser.add_argument
    add("--seconds", type=float, default=600.0, help="length of the bag (default: 600)")
    add("--variant", choices=("tiny", "s", "m", "l"), default="tiny")
    add("--threads", type=int, default=1, help="CPU threads of the model (default: 1)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, command: str) -> int:
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
