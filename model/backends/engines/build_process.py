"""The process that builds one engine, started by build_runner.py.

Its arguments are the process id of its parent and its niceness. It reads a BuildRequest from stdin and writes
its error, empty if there is none, as JSON to stdout.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:  # slow to import
    from ...network import EOVSeg
    from .build_request import BuildRequest
    from .shape import EngineShape

    Build = Callable[[EOVSeg, EngineShape, Path], None]

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def main(find_build: Callable[["BuildRequest"], "Build"]) -> NoReturn:
    """Build what stdin asks for with what find_build returns, write the answer and end with status 0."""
    answer = os.dup(1)
    os.dup2(2, 1)  # what compilers print is no answer
    _end_with_parent(int(sys.argv[1]))
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the parent may block signals, and children inherit that
    os.nice(int(sys.argv[2]))
    error = ""
    try:
        line = sys.stdin.readline()
        threading.Thread(target=_end_at_closed_stdin, daemon=True).start()
        _build(line, find_build)
    except BaseException as failure:
        from .error_text import error_text

        traceback.print_exc()
        error = error_text(failure)
    sys.stderr.flush()
    os.write(answer, json.dumps({"error": error}).encode())
    os._exit(0)  # without the destructors of compilers: the engine is complete


def _build(line: str, find_build: Callable[["BuildRequest"], "Build"]) -> None:
    import torch
    from torch import nn

    from ...checkpoint import load_weights, read_state_dict
    from ...network import build_model
    from .build_request import BuildRequest

    request = BuildRequest.read(line)
    torch.set_num_threads(request.threads)  # compiled code may depend on it
    with torch.device("meta"):
        model = build_model(request.config)
    model.add_module("text_encoder", nn.Identity())  # the text is an input of engines
    load_weights(model, read_state_dict(request.weights))
    device = torch.device(request.device)
    with torch.cuda.device(device) if device.type == "cuda" else contextlib.nullcontext():
        find_build(request)(model.to(device), request.shape, request.folder)


def _end_with_parent(parent: int) -> None:
    """Let Linux kill this process when the parent ends, and first of all when memory runs out."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="utf-8")
    if os.getppid() != parent:  # it ended before
        os._exit(1)


def _end_at_closed_stdin() -> None:
    """End this process and its compilers when the parent ends, where the system does not."""
    os.read(0, 1)  # not through sys.stdin, whose lock a forked process could never take
    os.killpg(0, signal.SIGKILL)


def _find_build(request: "BuildRequest") -> "Build":
    import torch

    from .makers import find_maker

    return find_maker(request.maker, request.precision, torch.device(request.device)).build


if __name__ == "__main__":
    main(_find_build)
