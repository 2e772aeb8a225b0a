"""The other end of worker.py: runs parts, and survives what they do to their process."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .part import Outcome, Part

PROGRAM = f"{__package__}.worker"
SECONDS_TO_END = 5.0  # of a killed process
LOG_BYTES = 4096  # of the log's end that are searched for a last line


class WorkerProcess:
    """Runs parts in a process, which is replaced after a part that fails or takes too long.

    What the process prints goes to the log. Engines and compiled code are kept in the folder cache only.
    """

    def __init__(self, *, device: str, quick: bool, log: Path, cache: Path, program: str = PROGRAM) -> None:
        """Args: program is the module that the process runs."""
        self._command = (sys.executable, "-m", program, device, "quick" if quick else "full")
        self._log = log
        self._cache = cache
        self._process: subprocess.Popen[bytes] | None = None
        self._tf32 = True  # of the process

    def run(self, part: Part, seconds: float) -> Outcome:
        """Run a part for at most this time, starting the process included."""
        start = time.monotonic()
        if self._process and self._tf32 != part.tf32:
            self.close()
        process = self._process = self._process or self._start(part.tf32)
        line = _ask(process, json.dumps(asdict(part)), start + seconds)
        spent = time.monotonic() - start
        if line is None:
            self.close()
            reason = f"after {spent:.0f} s (--minutes gives it more time)"
            return Outcome(part=part, status="stopped", reason=reason, seconds=spent)
        if not line:
            reason = _describe_end(process.wait(), self._last_line())
            self.close()
            return Outcome(part=part, status="failed", reason=reason, seconds=spent)
        answer: dict[str, Any] = json.loads(line)
        if answer["status"] == "failed":  # an error of CUDA spoils every later call in its process
            self.close()
        return Outcome(part=part, seconds=spent, **answer)

    def close(self) -> None:
        """Kill the process, if there is one."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    pipe.close()
            with contextlib.suppress(subprocess.TimeoutExpired):  # a driver can hold it
                self._process.wait(SECONDS_TO_END)
            self._process = None

    def _start(self, tf32: bool) -> subprocess.Popen[bytes]:
        self._tf32 = tf32
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(folder or os.getcwd() for folder in sys.path),
            "PYTHONSAFEPATH": "1",  # else the current folder would come first
            "EOVSEG_CACHE": str(self._cache),
            "TORCHINDUCTOR_CACHE_DIR": str(self._cache / "inductor"),
            "TRITON_CACHE_DIR": str(self._cache / "triton"),
        }
        if not tf32:
            environment["NVIDIA_TF32_OVERRIDE"] = "0"
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                process_group=0,  # with what it starts
            )

    def _last_line(self) -> str:
        lines = self._log.read_bytes()[-LOG_BYTES:].decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""


def _ask(process: subprocess.Popen[bytes], request: str, end: float) -> bytes | None:
    """Return the answer's line; empty if the process ended, None if there is none at the end's time."""
    assert process.stdin and process.stdout
    with contextlib.suppress(BrokenPipeError):  # its end is seen below
        process.stdin.write(f"{request}\n".encode())
    answer = b""
    while not answer.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return None
        piece = os.read(process.stdout.fileno(), 1 << 16)
        if not piece:
            return b""
        answer += piece
    return answer


def _describe_end(status: int, last_line: str) -> str:
    printed = f"; its last output: {last_line}" if last_line else ""
    if status == -signal.SIGKILL:
        return "the process was killed (SIGKILL), most likely because the memory was exhausted"
    if status < 0:
        return f"the process crashed ({signal.Signals(-status).name}){printed}"
    return f"the process ended with status {status}{printed}"
