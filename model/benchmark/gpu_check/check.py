"""Run the parts one after the other until the time is over, and write what is known after each."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from ...checkpoint import replacing
from .part import ENGINES, Outcome, Part
from .plan import plan
from .report import Report
from .setting import FULL, QUICK
from .worker_process import WorkerProcess

MINUTES = 8.0  # what the parts' shares are for
FEWEST_SECONDS = 8.0  # of an eight-minute check: with less a part is not started
RESERVE = 15.0  # seconds of an eight-minute check for stopping a part and writing

Run = Callable[[Part, float], Outcome]


def run_gpu_check(out: Path, *, device: str, quick: bool = False, minutes: float = MINUTES) -> Report:
    """Check a device and write gpu_check.md, gpu_check.json and gpu_check.log into the folder out.

    Both reports are written after every part. Raises OSError if out cannot be written to.
    """
    out.mkdir(parents=True, exist_ok=True)
    log = out / "gpu_check.log"
    log.write_bytes(b"")
    setting = QUICK if quick else FULL
    parts = plan(setting, torch.device(device).type)
    with tempfile.TemporaryDirectory(prefix="cache_", dir=out, ignore_cleanup_errors=True) as cache:
        worker = WorkerProcess(device=device, quick=quick, log=log, cache=Path(cache))
        report = Report(setting=setting, minutes=minutes, planned=len(parts))
        write(report, out)

        def keep(outcome: Outcome) -> None:
            report.add(outcome)
            write(report, out)
            reason = f": {outcome.reason}" if outcome.reason else ""
            number = f"[{len(report.outcomes)}/{len(parts)}]"
            print(f"{number} {outcome.part.title}: {outcome.status}{reason}", file=sys.stderr, flush=True)

        try:
            run_parts(parts, worker.run, minutes, keep)
        finally:
            worker.close()
    return report


def run_parts(
    parts: Sequence[Part],
    run: Run,
    minutes: float,
    keep: Callable[[Outcome], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Run the parts within the minutes and pass on each outcome; those without time are skipped.

    A longer check gives each part more time, a shorter one has fewer parts. Where an engine took too long, it
    is not built for a larger variant.
    """
    scale = minutes / MINUTES
    end = clock() + 60 * minutes - scale * RESERVE
    stopped: dict[tuple[str, str, str], Part] = {}
    for part in parts:
        left = end - clock()
        key = (part.kind, part.backend, part.precision)
        if left < scale * FEWEST_SECONDS:
            reason = f"no time left (--minutes, now {minutes:g}, gives more)"
            keep(Outcome(part=part, status="skipped", reason=reason))
        elif key in stopped:
            reason = f"{stopped[key].variant}, which is smaller, took too long"
            keep(Outcome(part=part, status="skipped", reason=reason))
        else:
            outcome = run(part, min(max(1.0, scale) * part.share, left))
            if outcome.status == "stopped" and part.backend in ENGINES:
                stopped[key] = part
            keep(outcome)


def write(report: Report, out: Path) -> None:
    """Write the report as Markdown and as JSON; each file is whole at any time."""
    for name, text in (
        ("gpu_check.json", json.dumps(report.as_json(), indent=1, allow_nan=False) + "\n"),
        ("gpu_check.md", report.as_markdown()),
    ):
        with replacing(out / name) as draft:
            draft.write_text(text, encoding="utf-8")
