"""Loading S takes the memory of its parameters and hardly more: nothing is built to be thrown away."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from eovseg_model.build import build_model
from eovseg_model.checkpoint.loading import convert, read_state_dict
from eovseg_model.checkpoint.published import rename
from eovseg_model.config import CONFIGS

KEYS = Path(__file__).parents[1] / "data" / "parity" / "s_96x128.keys.json"
MOST = 1.1  # growth of the peak over the bytes of the parameters, text tower included

# Reads every parameter in the end: a mapped file counts only what has been touched.
LOAD = """
import sys
from pathlib import Path
import torch
from eovseg_model.predictor import EOVSegPredictor

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])

before = peak()
model = EOVSegPredictor.from_checkpoint("s", sys.argv[1], ["mug"]).model
with torch.no_grad():
    assert all(bool(p.sum().isfinite()) for p in model.parameters())
print((peak() - before) / sum(p.numel() * p.element_size() for p in model.parameters()))
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A full-size checkpoint; what is dropped from it shares one number, to spare the disk."""
    keys = {name: torch.zeros(()).expand(shape) for name, shape in json.loads(KEYS.read_text()).items()}
    with torch.device("meta"):
        expected = build_model(CONFIGS["s"]).state_dict()
    used = {id(tensor) for tensor in rename(keys, expected).values()}
    weights = {name: tensor.clone() if id(tensor) in used else tensor for name, tensor in keys.items()}
    path = tmp_path_factory.mktemp("published") / "s.pth"
    torch.save({"model": weights}, path)
    yield path
    path.unlink()


def growth(path: Path) -> float:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", LOAD, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_published_checkpoint(published):
    assert 0.9 < growth(published) <= MOST


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_its_converted_form(published, tmp_path):
    with torch.device("meta"):
        expected = build_model(CONFIGS["s"]).state_dict()
    path = tmp_path / "s.safetensors"
    convert(read_state_dict(published), expected, path, {})
    assert 0.9 < growth(path) <= MOST
    path.unlink()
