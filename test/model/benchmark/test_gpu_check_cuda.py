"""The parts of gpu-check on a simulated GPU: devices and values, as far as that goes.

No test here has run on a GPU.
"""

import sys
from types import SimpleNamespace

import pytest
import torch
from simulated_cuda import simulated_cuda

from eovseg_model.benchmark.gpu_check import accuracy, environment
from eovseg_model.benchmark.gpu_check.part import Part
from eovseg_model.benchmark.gpu_check.setting import QUICK
from eovseg_model.benchmark.gpu_check.worker import run_part

DEVICE = torch.device("cuda:0")
PROPERTIES = SimpleNamespace(total_memory=24 * 10**9, multi_processor_count=82, uuid="0123")


@pytest.fixture
def cuda(monkeypatch):
    """The simulated device with what gpu-check asks of it besides: its memory."""
    free = iter(range(10**12, 0, -1000))  # each look finds 1000 bytes less
    with simulated_cuda() as device:
        for name, stand_in in {
            "empty_cache": lambda: None,
            "reset_peak_memory_stats": lambda device: None,
            "max_memory_allocated": lambda device: 5_000_000,
            "mem_get_info": lambda device: (next(free), 10**12),
            "get_device_properties": lambda device: PROPERTIES,
        }.items():
            monkeypatch.setattr(torch.cuda, name, stand_in)
        yield device


def measure(kind, backend="torch", precision="fp32"):
    answer = run_part(Part(kind=kind, variant="tiny", backend=backend, precision=precision), QUICK, DEVICE)
    assert answer["status"] == "ok", answer["reason"]
    assert kind == "stages" or answer["warnings"] == []  # each graph is recorded
    return answer["result"]


@pytest.mark.parametrize("backend", ["reference", "torch"])
def test_parity_with_the_cpu(backend, cuda):
    result = measure("parity", backend)
    assert result["within"] and len(result["features"]) == (8 if backend == "reference" else 0)
    assert cuda.total("copy to device") and cuda.total("copy to host")


def test_parity_is_more_than_half_precision_has(cuda):
    result = measure("parity", precision="fp16")
    assert not result["within"]
    assert min(output["queries_beyond"] for output in result["outputs"].values()) > 0.5


@pytest.mark.parametrize("precision", ["fp16", "bf16", "tf32"])
def test_agreement_of_lower_precisions(precision, cuda, monkeypatch):
    """Within a third of the bound, so that the bound leaves room for other rounding. tf32 is exact here."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device=None: (8, 6))
    result = measure("agreement", precision=precision)
    assert result["within"] and result["mask_pixels_equal"] > 0.98
    largest = max(result["differences"].values())
    assert largest < result["bound"] / 3 and (largest > 1e-4) == (precision != "tf32")
    monkeypatch.setitem(accuracy.AGREEMENT, precision, largest / 2)
    assert not measure("agreement", precision=precision)["within"]


@pytest.mark.parametrize("backend", ["reference", "torch"])
def test_speed(backend, cuda):
    result = measure("speed", backend)
    assert result["peak_torch_bytes"] == 5_000_000 and result["device_growth_bytes"] == 1000
    assert result["mask_difference"] < 1e-4 and result["class_difference"] < 1e-4
    assert result["frames"] == QUICK.frames or result["frames"] >= 3
    assert cuda.waits()["benchmark.gpu_check.material.now"] >= 3 * 4  # before and after every stage


def test_a_graph_that_cannot_be_recorded_is_a_warning(cuda, monkeypatch):
    """The network then runs as it is, which is slower and would not be seen otherwise."""

    def fail():
        raise RuntimeError("no graphs here")

    monkeypatch.setattr(torch.cuda, "CUDAGraph", fail)
    part = Part(kind="parity", variant="tiny", backend="torch", precision="fp32")
    answer = run_part(part, QUICK, DEVICE)
    assert answer["result"]["within"]
    (warning,) = answer["warnings"]
    assert "cannot use a CUDA graph (RuntimeError: no graphs here)" in warning


@pytest.mark.parametrize("kind", ["cameras", "threads", "stages"])
def test_the_other_measurements(kind, cuda):
    result = measure(kind, precision="fp16")
    assert all(value > 0 for value in result.values() if isinstance(value, float))


def test_the_machine(cuda, monkeypatch, tmp_path):
    """With what nvidia-smi answers for the GPU of this identity; where it is absent, with what is known."""
    smi = tmp_path / "nvidia-smi"
    smi.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "print('575.57.08, 350.00 W, 2100 MHz, 4, 3 %' if '--id=GPU-0123' in sys.argv else 'lost')\n"
    )
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = measure("environment")["machine"]
    assert found["GPU"] == "simulated" and found["compute capability"] == "7.5"
    assert found["GPU memory"] == "24.0 GB" and found["multiprocessors"] == "82"
    assert (found["driver"], found["power limit"]) == ("575.57.08", "350.00 W")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(environment, "_driver", lambda: "")
    found = measure("environment")["machine"]
    assert found["driver"] == "unknown" and "power limit" not in found


def test_what_needs_a_newer_gpu_is_a_row(cuda):
    part = Part(kind="speed", variant="tiny", backend="tensorrt_rtx", precision="fp16")
    answer = run_part(part, QUICK, DEVICE)
    assert answer["status"] == "unavailable" and "cannot be used" in answer["reason"]
