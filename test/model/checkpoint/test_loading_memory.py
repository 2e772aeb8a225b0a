"""Loading S takes the memory of its parameters and hardly more: nothing is built to be thrown away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from eovseg_model.checkpoint.loading import convert, read_state_dict
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS

MOST = 1.1  # growth of the peak over the bytes of the parameters, text tower included

# Reads every parameter in the end: a mapped file counts only what has been touched.
LOAD = """
import sys
from pathlib import Path
import torch
from eovseg_model.inference.predictor import EOVSegPredictor

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])

before = peak()
model = EOVSegPredictor.from_checkpoint("s", sys.argv[1], ["mug"], device="cpu", backend="reference").model
with torch.no_grad():
    assert all(bool(p.sum().isfinite()) for p in model.parameters())
print((peak() - before) / sum(p.numel() * p.element_size() for p in model.parameters()))
"""


def growth(path: Path) -> float:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", LOAD, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_published_checkpoint(published_file):
    assert 0.9 < growth(published_file) <= MOST


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_its_converted_form(published_file, tmp_path):
    with torch.device("meta"):
        expected = build_model(CONFIGS["s"]).state_dict()
    path = tmp_path / "s.safetensors"
    convert(read_state_dict(published_file), expected, path, {})
    assert 0.9 < growth(path) <= MOST
    path.unlink()


# 40 tensors of 4 MB, of which every second one goes; in a fresh process, where no free memory lies about.
REPLACE = """
import os
import torch
from eovseg_model.checkpoint.long_lived import enable_malloc_options, long_lived_tensors

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

enable_malloc_options()
torch.ones(2**22)  # once such a tensor was freed, the C library keeps what smaller ones leave
with long_lived_tensors():
    tensors = [torch.ones(2**20) for _ in range(40)]
full = resident()
del tensors[::2]
print((full - resident()) / 2**22)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_weights_that_are_replaced_leave_no_holes():
    done = subprocess.run([sys.executable, "-c", REPLACE], capture_output=True, text=True, timeout=100)
    assert float(done.stdout) == pytest.approx(20, rel=0.1), done.stderr
