"""Run the measurements of a case in new processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict

from .case import BenchmarkCase
from .progress import read_steps
from .result import BenchmarkResult, Memory, Times


class BenchmarkError(RuntimeError):
    """Raised when a measurement fails; the message is the last line of its stderr."""


def run_case(case: BenchmarkCase, repeats: int, on_step: Callable[[str], None]) -> BenchmarkResult:
    """Measure times and memory. Raises BenchmarkError if a process fails.

    on_step is called with a description at each of the `progress.steps(repeats)` steps.
    """
    times = Times(**_run(case, repeats, on_step))
    return BenchmarkResult(case, times, Memory(**_run(case, 0, on_step)))


def _run(case: BenchmarkCase, repeats: int, on_step: Callable[[str], None]) -> dict:
    request = json.dumps({"case": asdict(case), "repeats": repeats})
    command = [sys.executable, "-m", "eovseg_model.benchmark.measurement", request]
    environment = {**os.environ, "OMP_NUM_THREADS": str(case.threads)}
    complaints: list[str] = []
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        for step in read_steps(process.stderr, complaints):
            on_step(step)
        answer = process.stdout.read()  # one line of JSON, which fits into the pipe
    if process.returncode != 0:
        raise BenchmarkError(([line for line in complaints if line] or ["the process was killed"])[-1])
    return json.loads(answer.splitlines()[-1])
