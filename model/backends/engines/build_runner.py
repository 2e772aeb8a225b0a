"""Builds engines in processes of their own, so that a compiler cannot harm the process that serves."""

import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO

import torch

from ...network import EOVSeg
from ..names import BackendError
from .build_request import BuildRequest
from .engine import EngineMaker
from .shape import EngineShape

NICENESS = 5  # frames take precedence; with 10, a node that is always busy would leave a build too little
MOST_SECONDS = 3600.0  # the largest variant takes TensorRT about 20 minutes
PROGRAM = f"{__package__}.build_process"
WEIGHTS = "weights.pth"
STOPPED = "the build was stopped, because the backend was closed"
_FULL = ("No space left on device", "Disk quota exceeded")
_SMALLEST_FREE = 1 << 20  # bytes: a disk with less than this is full
_ERROR_BYTES = 1 << 16  # of a process's output that are read

_logger = logging.getLogger(__name__)


class BuildRunner:
    """Runs at most one build at a time, each in a process that ends with this one; `close` is thread-safe."""

    def __init__(
        self, *, niceness: int = NICENESS, most_seconds: float = MOST_SECONDS, program: str = PROGRAM
    ) -> None:
        """Args: program is the module that the process runs; it knows the makers by their names."""
        self._program = program
        self._niceness = niceness
        self._most_seconds = most_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._changing = threading.Lock()  # _process and _closed

    def build(
        self, maker: EngineMaker, precision: str, model: EOVSeg, shape: EngineShape, folder: Path
    ) -> None:
        """Let a process call maker.build with a copy of model, and wait for its end.

        Raises BackendError with the reason, in one line, if there is no engine afterwards.
        """
        weights = folder / WEIGHTS
        try:
            _save(model, weights)
            request = BuildRequest(
                maker=maker.name,
                precision=precision,
                config=model.config,
                weights=weights,
                shape=shape,
                device="cpu" if maker.targets else str(model.device),  # with targets, any machine builds
                threads=torch.get_num_threads(),
                folder=folder,
            )
            with tempfile.TemporaryFile() as output:
                error = self._run(request.write(), output)
                if error:
                    error = _explain(error, folder)
                    _logger.debug("%s; the output of the process:\n%s", error, _end_of(output))
        except (OSError, RuntimeError) as failure:  # PyTorch raises RuntimeError if it cannot write
            error = _explain(f"cannot start a build in {folder}: {failure}", folder)
        finally:
            weights.unlink(missing_ok=True)
        if error:
            raise BackendError(" ".join(error.split()))

    def close(self) -> None:
        """Kill the process that builds, if there is one, and start no further one."""
        with self._changing:
            self._closed = True
            if self._process:
                _kill(self._process)

    def _run(self, request: str, output: IO[bytes]) -> str:
        """Why no engine was built; empty if it was."""
        with self._changing:
            if self._closed:
                return STOPPED
            process = self._process = subprocess.Popen(
                (sys.executable, "-m", self._program, str(os.getpid()), str(self._niceness)),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=_environment(),
                process_group=0,  # with the compilers that it starts; Ctrl-C in a terminal is for the parent
            )
        with process:
            assert process.stdin and process.stdout
            with contextlib.suppress(BrokenPipeError):  # its status tells why
                process.stdin.write(f"{request}\n".encode())
            try:
                status = process.wait(self._most_seconds)
            except subprocess.TimeoutExpired:
                _kill(process)
                return f"the build did not end within {self._most_seconds:g} s and was stopped"
            if self._closed:
                return STOPPED
            if answer := process.stdout.read():
                return str(json.loads(answer)["error"])
            return _describe(status, _last_line(_end_of(output)))


def _save(model: EOVSeg, path: Path) -> None:
    """Write the state dict without the text encoder, which no engine contains."""
    torch.save({k: v for k, v in model.state_dict().items() if not k.startswith("text_encoder.")}, path)


def _environment() -> dict[str, str]:
    """The same packages as here, and as many threads."""
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(folder or os.getcwd() for folder in sys.path),
        "PYTHONSAFEPATH": "1",  # else the current folder would come first
        "OMP_NUM_THREADS": str(torch.get_num_threads()),
    }


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with those that it started, unless it has ended."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _describe(status: int, last_line: str) -> str:
    """What happened to a process that gave no answer."""
    printed = f"; its last output: {last_line}" if last_line else ""
    if status == -signal.SIGKILL:
        return "the build process was killed (SIGKILL), most likely because the memory was exhausted"
    if status < 0:
        return f"the build process crashed ({signal.Signals(-status).name}){printed}"
    return f"the build process ended with status {status}{printed}"


def _explain(error: str, folder: Path) -> str:
    """The error, or that the disk is full where this is why."""
    if not any(words in error for words in _FULL) and _has_space(folder):
        return error
    return f"the disk of {folder.parent} is full (free some space or set EOVSEG_CACHE to another disk)"


def _has_space(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free >= _SMALLEST_FREE
    except OSError:  # not there, for example
        return True


def _end_of(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _ERROR_BYTES))
    return output.read().decode(errors="replace").strip()


def _last_line(text: str) -> str:
    return text.splitlines()[-1].strip() if text else ""
