"""A process builds: what it gets, how it ends, and what is said of it; its parent only waits."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import fake_builds
import pytest
import torch
from test_backends import random_model

from eovseg_model.backends.engines.build_request import BuildRequest
from eovseg_model.backends.engines.build_runner import STOPPED, BuildRunner
from eovseg_model.backends.engines.engine import EngineMaker
from eovseg_model.backends.engines.shape import EngineShape
from eovseg_model.backends.names import BackendError
from eovseg_model.export import TextShape
from eovseg_model.network import CONFIGS

SHAPE = EngineShape(1, 64, 96, TextShape(64, 1))
# As a program, so that a test can kill it.
PARENT = """
import sys
from pathlib import Path
from test_build_runner import start_hanging_build
start_hanging_build(Path(sys.argv[1])).join()
"""


def fake_runner(**options):
    return BuildRunner(program="fake_builds", **({"niceness": 0} | options))


def run(build, folder, runner=None, model=None):
    """Let a process call a function of fake_builds.py."""
    maker = EngineMaker(build.__name__, "1", build, lambda folder: None)
    (runner or fake_runner()).build(maker, "fp32", model or random_model("tiny"), SHAPE, folder)


def start_hanging_build(folder, runner=None):
    """Start a build that never ends; the thread returns once it has been ended."""
    work = folder / "work"
    work.mkdir()
    errors = []

    def wait():
        try:
            run(fake_builds.hang, work, runner)
        except BackendError as error:
            errors.append(str(error))

    thread = threading.Thread(target=wait, daemon=True)
    thread.errors = errors
    thread.start()
    return thread


def read_pids(folder, parent=None):
    """Of the build and of the process that it has started."""
    deadline = time.monotonic() + 240  # both processes import PyTorch, maybe on a busy machine
    while not (folder / "pids").exists():
        assert not parent or parent.poll() is None, "the parent ended"
        assert time.monotonic() < deadline, "no build started"
        time.sleep(0.05)
    return [int(word) for word in (folder / "pids").read_text().split()]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for_end(pid, seconds):
    start = time.monotonic()
    while is_running(pid):
        assert time.monotonic() - start < seconds, f"{pid} still runs"
        time.sleep(0.01)


def test_a_process_gets_the_weights_threads_and_priority_but_no_blocked_signals(tmp_path):
    model = random_model("tiny")
    threads = torch.get_num_threads()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        torch.set_num_threads(3)
        run(fake_builds.describe_process, tmp_path, fake_runner(niceness=4), model)
    finally:
        torch.set_num_threads(threads)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    facts = json.loads((tmp_path / "file").read_text())
    weights = {
        name: float(value.double().sum())
        for name, value in model.state_dict().items()
        if not name.startswith("text_encoder.")
    }
    assert facts.pop("weights") == pytest.approx(weights, rel=1e-12) and len(weights) > 100
    assert facts == {
        "training": False,
        "device": "cpu",
        "shape": "1x64x96, text 64x1",
        "threads": 3,
        "omp": "3",
        "nice": 4 + os.nice(0),
        "blocked": [],
        "files": ["weights.pth"],
    }
    assert [path.name for path in tmp_path.iterdir()] == ["file"]  # the weights are gone


@pytest.mark.parametrize(
    "config",
    [
        *CONFIGS.values(),
        replace(CONFIGS["tiny"], vas=False, fusion="masks"),
        replace(CONFIGS["s"], spatial=replace(CONFIGS["s"].spatial, num_blocks=6)),
    ],
    ids=lambda config: config.name,
)
def test_a_request_is_one_line_that_can_be_read_back(config):
    folder = Path("/tmp/a b")
    request = BuildRequest("openvino", "bf16", config, folder / "w.pth", SHAPE, "cuda:1", 3, folder)
    line = request.write()
    assert "\n" not in line
    read = BuildRequest.read(line)
    assert read == request
    assert (type(read.config.backbone), type(read.shape.text)) == (type(config.backbone), TextShape)


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (fake_builds.raise_two_lines, "RuntimeError: no converter for aten.foo"),
        (
            fake_builds.abort,
            "the build process crashed (SIGABRT); its last output: "
            "terminate called after throwing an instance of 'Error'",
        ),
        (
            fake_builds.be_killed,
            "the build process was killed (SIGKILL), most likely because the memory was exhausted",
        ),
        (fake_builds.leave, "the build process ended with status 3; its last output: licence not found"),
    ],
)
def test_how_a_build_ended_is_said_in_one_line(tmp_path, build, error):
    with pytest.raises(BackendError) as raised:
        run(build, tmp_path)
    assert str(raised.value) == error
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named(tmp_path):
    with pytest.raises(BackendError) as raised:
        run(fake_builds.fill_disk, tmp_path)
    assert str(raised.value) == (
        f"the disk of {tmp_path.parent} is full (free some space or set EOVSEG_CACHE to another disk)"
    )


def test_weights_that_cannot_be_written_are_an_error_of_one_line(tmp_path):
    with pytest.raises(BackendError, match="cannot start a build in .*missing: .*") as raised:
        run(fake_builds.write_word, tmp_path / "missing")
    assert "\n" not in str(raised.value)


def test_a_build_that_takes_too_long_is_ended(tmp_path):
    runner = fake_runner(most_seconds=3)
    thread = start_hanging_build(tmp_path, runner)
    thread.join(20)
    assert thread.errors == ["the build did not end within 3 s and was stopped"]
    assert runner._process.returncode == -signal.SIGKILL


def test_close_ends_a_build_at_once_and_starts_no_other(tmp_path):
    runner = fake_runner()
    thread = start_hanging_build(tmp_path, runner)
    pids = read_pids(tmp_path)
    start = time.monotonic()
    runner.close()
    thread.join(2)
    assert not thread.is_alive() and thread.errors == [STOPPED]
    for pid in pids:
        wait_for_end(pid, start + 2 - time.monotonic())
    with pytest.raises(BackendError, match=STOPPED):
        run(fake_builds.write_word, tmp_path, runner)
    assert not (tmp_path / "file").exists()


def test_a_build_ends_with_a_parent_that_is_killed(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], env=environment)
    try:
        build, started = read_pids(tmp_path, parent)
    finally:
        parent.kill()
    wait_for_end(build, 2)
    if is_running(started):  # the kernel may end the build before it has ended this one
        os.kill(started, signal.SIGKILL)
    parent.wait()
