"""The process that runs the parts of gpu-check: replaced where it crashes, hangs or is spoilt."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest

from eovseg_model.benchmark.gpu_check.part import Part
from eovseg_model.benchmark.gpu_check.worker_process import PROGRAM, WorkerProcess


@pytest.fixture
def process(tmp_path):
    worker = WorkerProcess(
        device="cuda:1",
        quick=True,
        log=tmp_path / "log",
        cache=tmp_path / "cache",
        program="fake_gpu_worker",
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(os.path.dirname(__file__))
        yield worker
    worker.close()


def part(backend, tf32=True):
    return Part(kind="speed", variant="s", backend=backend, precision="fp16", tf32=tf32)


def test_parts_share_a_process(process, tmp_path):
    first, second = (process.run(part("torch"), 60) for _ in range(2))
    assert first.status == "ok" and first.result == second.result and first.seconds > 0
    assert first.warnings == ["slow"]
    assert first.result["arguments"] == ["cuda:1", "quick"]
    assert first.result["EOVSEG_CACHE"] == str(tmp_path / "cache")
    assert (tmp_path / "log").read_text() == "working on torch\n" * 2


def test_tf32_is_switched_off_in_a_process_of_its_own(process):
    off, on = process.run(part("torch", tf32=False), 60), process.run(part("torch"), 60)
    assert (off.result["NVIDIA_TF32_OVERRIDE"], on.result["NVIDIA_TF32_OVERRIDE"]) == ("0", None)
    assert off.result["pid"] != on.result["pid"]


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        ("crash", "the process crashed (SIGSEGV); its last output: working on crash"),
        ("leave", "the process ended with status 3; its last output: licence not found"),
        ("killed", "the process was killed (SIGKILL), most likely because the memory was exhausted"),
        ("fail", "RuntimeError: spoilt"),
    ],
)
def test_what_fails_is_told_and_the_next_part_has_a_new_process(backend, reason, process):
    before = process.run(part("torch"), 60).result["pid"]
    outcome = process.run(part(backend), 60)
    assert (outcome.status, outcome.reason) == ("failed", reason)
    assert process.run(part("torch"), 60).result["pid"] != before


def test_what_hangs_is_stopped(process):
    before = process.run(part("torch"), 60).result["pid"]
    outcome = process.run(part("hang"), 0.5)
    assert outcome.status == "stopped" and 0.5 <= outcome.seconds < 10
    assert outcome.reason.startswith("after ") and "--minutes" in outcome.reason
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)
    assert process.run(part("torch"), 60).status == "ok"


def test_the_worker_ends_with_the_one_who_asks():
    """Also in the middle of a part, which takes seconds here: a parent that is killed closes the pipe."""
    request = json.dumps(
        dataclasses.asdict(Part(kind="parity", variant="s", backend="reference", precision="fp32"))
    )
    command = [sys.executable, "-m", PROGRAM, "cpu", "quick"]
    done = subprocess.run(command, input=f"{request}\n", capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_closing_twice_is_allowed(process):
    process.run(part("torch"), 60)
    process.close()
    process.close()
