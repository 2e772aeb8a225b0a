"""Where PyBullet cannot be imported, as on Python 3.12, programs that render say so in one line."""

import subprocess
import sys

import pytest

WITHOUT = """
import runpy, sys
sys.modules["pybullet"] = None
sys.argv[:] = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
SAYS = "rendering scenes needs PyBullet: pip install pybullet (PyPI has a wheel up to Python 3.11)"


def run_without(module, *arguments):
    command = [sys.executable, "-c", WITHOUT, module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    ("module", "arguments", "status", "name"),
    [
        ("eovseg_model.cli.main", ["scenes", "OUT", "--scenes", "1"], 2, "eovseg"),
        ("eovseg_model.simulation.sequences", ["OUT"], 1, "error"),
        ("eovseg_model.simulation.recording", ["OUT"], 1, "error"),
        ("eovseg_model.evaluation.geometry", [], 1, "error"),
    ],
)
def test_a_program_that_renders_says_what_is_missing(module, arguments, status, name, tmp_path):
    out = tmp_path / "out"
    done = run_without(module, *[out if word == "OUT" else word for word in arguments])
    assert done.returncode == status and not out.exists()
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{name}: {SAYS}")


def test_training_the_demo_model_says_so_too(tmp_path):
    pytest.importorskip("lightning_fabric")
    done = run_without("eovseg_model.training.demo", "--out", tmp_path, "--scenes", 2, "--processes", 1)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and SAYS in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("module", ["eovseg_model.training.demo", "eovseg_model.training.demo.ablation"])
def test_help_needs_no_pybullet(module):
    pytest.importorskip("lightning_fabric")
    assert run_without(module, "--help").returncode == 0


def test_the_library_says_so_at_the_import():
    for name in ("Scene", "RayCaster", "write_dataset"):
        code = f"import sys; sys.modules['pybullet'] = None; from eovseg_model.simulation import {name}"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 1 and SAYS in done.stderr.splitlines()[-1]
