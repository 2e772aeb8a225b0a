"""Runs the measurements of a case in fresh processes."""

import json
import os
import subprocess
import sys
from dataclasses import asdict

from .case import BenchmarkCase
from .result import BenchmarkResult, Memory, Times


class BenchmarkError(RuntimeError):
    """A measurement that failed; the message is its last line."""


def run_case(case: BenchmarkCase, repeats: int) -> BenchmarkResult:
    """Measure times and memory; BenchmarkError where a process fails."""
    return BenchmarkResult(case, Times(**_run(case, repeats)), Memory(**_run(case, 0)))


def _run(case: BenchmarkCase, repeats: int) -> dict:
    request = json.dumps({"case": asdict(case), "repeats": repeats})
    command = [sys.executable, "-m", "eovseg_model.benchmark.measurement", request]
    environment = {**os.environ, "OMP_NUM_THREADS": str(case.threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchmarkError((done.stderr.strip().splitlines() or ["the process was killed"])[-1])
    return json.loads(done.stdout.splitlines()[-1])
