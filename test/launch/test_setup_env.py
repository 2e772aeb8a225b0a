"""The set-up tells what a machine lacks, one line each, and repeats a step only when its inputs changed."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / ".venv").exists(), reason="built by colcon in a ROS install, not by make"
)


@pytest.fixture
def setup_env(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import setup_env

    return setup_env


def test_this_machine_lacks_nothing(setup_env: ModuleType) -> None:
    assert setup_env.missing_tools() == []


def test_missing_compiler_stops_the_set_up_with_one_line() -> None:
    env = dict(os.environ, CC="/nowhere/cc", CXX="/nowhere/c++")
    command = [sys.executable, ROOT / "tools" / "setup_env.py"]
    result = subprocess.run(command, env=env, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stdout == ""
    c_line, cpp_line = result.stderr.splitlines()
    assert "a C compiler is missing" in c_line and "apt-get install build-essential" in c_line
    assert "a C++ compiler is missing" in cpp_line and "apt-get install build-essential" in cpp_line


def test_missing_header_is_named(setup_env: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_env.sysconfig, "get_paths", lambda: {"include": "/nowhere"})
    (problem,) = setup_env.missing_tools()
    assert "Python.h" in problem and "apt-get install python3.11-dev" in problem


def test_missing_venv_module_is_named(setup_env: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)  # what Debian's python3 without python3-venv does
    (problem,) = setup_env.missing_tools()
    assert "apt-get install python3.11-venv" in problem


def test_wrong_python_is_named() -> None:
    command = ["make", "--no-print-directory", "setup", "PYTHON=false"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stdout == ""
    message = result.stderr.splitlines()[0]
    assert "Python 3.11 is needed" in message and "apt-get install python3.11 python3.11-venv" in message
    assert "uv python install 3.11" in message and "make PYTHON=/path/to/python3.11" in message


def test_a_step_is_repeated_when_a_file_changes(setup_env: ModuleType, tmp_path: Path) -> None:
    stamp, requirements = tmp_path / "stamp", tmp_path / "requirements.txt"
    requirements.write_text("numpy==1.0")
    first = setup_env.digest_of([requirements, "text"])
    assert not setup_env.is_fresh(stamp, first)
    stamp.write_text(first)
    assert setup_env.is_fresh(stamp, setup_env.digest_of([requirements, "text"]))
    assert not setup_env.is_fresh(stamp, setup_env.digest_of([requirements, "another text"]))
    requirements.write_text("numpy==2.0")
    assert not setup_env.is_fresh(stamp, setup_env.digest_of([requirements, "text"]))


def test_cmake_exports_name_folders_that_exist(setup_env: ModuleType) -> None:
    texts = [path.read_text() for path in (setup_env.VENV / "share").glob("*_msgs/cmake/*_pyExport.cmake")]
    assert texts
    for text in texts:
        assert setup_env.sysconfig.get_paths()["include"] in text
        assert "/opt/python/" not in text


def test_a_failing_step_shows_the_end_of_its_output(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo reason; exit 3"]
    program = f"import run_logged, pathlib; run_logged.run_logged('step', {command}, pathlib.Path('log.txt'))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(ROOT / "tools")),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "reason" in result.stderr and "log.txt" in result.stderr
    assert (tmp_path / "log.txt").read_text() == "reason\n"
