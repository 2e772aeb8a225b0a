"""The program of a process that builds with one of these functions instead of a maker's."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import torch

from eovseg_model.backends.engines.build_process import main


def write_word(model, shape, folder):
    (folder / "file").write_text("engine")


def describe_process(model, shape, folder):
    """What the process has, and a checksum of the weights."""
    facts = {
        "weights": {name: float(value.double().sum()) for name, value in model.state_dict().items()},
        "training": model.training,
        "device": str(model.device),
        "shape": str(shape),
        "threads": torch.get_num_threads(),
        "omp": os.environ["OMP_NUM_THREADS"],
        "nice": os.nice(0),
        "blocked": [int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
        "files": sorted(path.name for path in folder.iterdir()),
    }
    (folder / "file").write_text(json.dumps(facts))


def raise_two_lines(model, shape, folder):
    raise RuntimeError("no converter for aten.foo\nwith details")


def abort(model, shape, folder):
    print("terminate called after throwing an instance of 'Error'", file=sys.stderr, flush=True)
    os.abort()


def be_killed(model, shape, folder):
    os.kill(os.getpid(), signal.SIGKILL)


def leave(model, shape, folder):
    print("licence not found", file=sys.stderr, flush=True)
    os._exit(3)


def fill_disk(model, shape, folder):
    Path("/dev/full").write_text("engine")


def hang(model, shape, folder):
    """Never end, nor let a process of its own end; note both ids beside the folder."""
    pids = folder.with_name("pids")
    other = subprocess.Popen(["sleep", "600"])
    draft = pids.with_suffix(".draft")
    draft.write_text(f"{os.getpid()} {other.pid}")
    draft.rename(pids)
    threading.Event().wait()


BUILDS = {
    build.__name__: build
    for build in (write_word, describe_process, raise_two_lines, abort, be_killed, leave, fill_disk, hang)
}

if __name__ == "__main__":
    main(lambda request: BUILDS[request.maker])
