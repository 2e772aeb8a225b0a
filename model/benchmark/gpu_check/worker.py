"""The process that runs parts: `python -m eovseg_model.benchmark.gpu_check.worker DEVICE QUICK`.

It reads a part per line of stdin and writes its answer as a line of JSON to stdout. It ends when stdin is
closed, also in the middle of a part.
"""

import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
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


def run_part(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Return status, reason and result of a part, whatever it raises."""
    try:
        return {"status": "ok", "reason": "", "result": MEASURE[part.kind](part, setting, device)}
    except UnavailableError as error:
        return {"status": "unavailable", "reason": str(error), "result": {}}
    except Exception as error:  # anything that a library may raise
        traceback.print_exc()
        lines = str(error).strip().splitlines() or ["no details"]
        reason = f"{type(error).__name__}: {lines[0]}"
        return {"status": "failed", "reason": reason[:LONGEST_REASON], "result": {}}


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
