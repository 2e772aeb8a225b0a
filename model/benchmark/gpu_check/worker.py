"""The process that runs parts: `python -m eovseg_model.benchmark.gpu_check.worker DEVICE QUICK`.

It reads a part per line of stdin and writes its answer as a line of JSON to stdout. It ends when stdin is
closed, also in the middle of a part.
"""

import contextlib
import json
import logging
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import torch

from ...checkpoint import enable_malloc_options
from .accuracy import measure_agreement, measure_parity
from .environment import describe_environment
from .material import UnavailableError
from .network_stages import measure_stages
from .parity_arrays import measure_parity_arrays
from .part import Kind, Part
from .setting import FULL, QUICK, Setting
from .speed import measure_speed
from .throughput import measure_cameras, measure_threads

MEASURE: dict[Kind, Callable[[Part, Setting, torch.device], dict[str, Any]]] = {
    "environment": describe_environment,
    "parity arrays": measure_parity_arrays,
    "parity": measure_parity,
    "agreement": measure_agreement,
    "speed": measure_speed,
    "stages": measure_stages,
    "cameras": measure_cameras,
    "threads": measure_threads,
}
LONGEST_REASON = 300  # characters
LOGGER = "eovseg_model"


def run_part(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Return status, reason, result and logged warnings of a part, whatever it raises."""
    with _warnings() as warnings:
        status, reason, result = "ok", "", {}
        try:
            result = MEASURE[part.kind](part, setting, device)
        except UnavailableError as error:
            status, reason = "unavailable", str(error)
        except Exception as error:  # anything that a library may raise
            traceback.print_exc()
            lines = str(error).strip().splitlines() or ["no details"]
            status, reason = "failed", f"{type(error).__name__}: {lines[0]}"[:LONGEST_REASON]
    return {"status": status, "reason": reason, "result": result, "warnings": warnings}


@contextlib.contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what this package warns of, each text once; it is printed, too."""
    texts: list[str] = []

    class Collector(logging.StreamHandler):
        def emit(self, record: logging.LogRecord) -> None:
            super().emit(record)
            if record.getMessage() not in texts:
                texts.append(record.getMessage())

    logger, collector = logging.getLogger(LOGGER), Collector()
    collector.setLevel(logging.WARNING)
    logger.addHandler(collector)
    try:
        yield texts
    finally:
        logger.removeHandler(collector)


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no answer
    enable_malloc_options()
    device, setting = torch.device(sys.argv[1]), QUICK if sys.argv[2] == "quick" else FULL
    if device.type == "cuda":
        torch.cuda.set_device(device)
    parts: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(parts,), daemon=True).start()
    while True:
        answer = run_part(Part(**json.loads(parts.get())), setting, device)
        sys.stderr.flush()
        os.write(answers, (json.dumps(answer) + "\n").encode())


def _read(parts: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        parts.put(line)
    os._exit(0)  # the process that asks has ended


if __name__ == "__main__":
    main()
