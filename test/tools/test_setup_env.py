"""The set-up tells what a machine lacks, one line each, and repeats a step only when its inputs changed."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
RUNNING = f"python{sys.version_info.major}.{sys.version_info.minor}"
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
    assert "Python.h" in problem and f"apt-get install {RUNNING}-dev" in problem


def test_missing_venv_module_is_named(setup_env: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)  # what Debian's python3 without python3-venv does
    (problem,) = setup_env.missing_tools()
    assert f"apt-get install {RUNNING}-venv" in problem


def test_python_without_wheels_is_named(setup_env: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_env, "PYTHONS", ((3, 8), (3, 9)))
    (problem,) = setup_env.missing_tools()
    assert sys.executable in problem and "the ROS 2 wheels are for 3.8, 3.9" in problem


def test_set_up_without_any_python_says_what_to_install() -> None:
    command = ["make", "--no-print-directory", "setup", "PYTHON="]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stdout == ""
    message = result.stderr.splitlines()[0]
    assert "Python 3.11, 3.12 or 3.13 is needed" in message
    assert "apt-get install python3-venv python3-dev" in message
    assert "make PYTHON=/path/to/python3" in message and "uv python install 3.12" in message


@pytest.fixture
def find_python(tmp_path: Path) -> Callable[..., str]:
    """Runs the search among scripts in place of Pythons: (right version, has its headers) by name.

    `before` is the one that a .venv was made from.
    """

    def find(*, before: str = "", **pythons: tuple[bool, bool]) -> str:
        tools, commands = tmp_path / "tools", tmp_path / "bin"
        for folder in (tools, commands, tmp_path / ".venv"):
            folder.mkdir()
        shutil.copy(ROOT / "tools/find_python.sh", tools)
        for name, (right_version, complete) in pythons.items():
            script = commands / name.replace("_", ".")
            answer = f'case "$2" in *version_info*) exit {1 - right_version};; *) exit {1 - complete};; esac'
            script.write_text(f"#!/bin/sh\n{answer}\n")
            script.chmod(0o755)
        for tool in ("sed", "dirname"):
            (commands / tool).symlink_to(shutil.which(tool) or tool)
        if before:
            (tmp_path / ".venv/pyvenv.cfg").write_text(f"home = x\nexecutable = {commands / before}\n")
        command = ["/bin/sh", tools / "find_python.sh"]
        result = subprocess.run(command, env={"PATH": str(commands)}, capture_output=True, text=True)
        return result.stdout.strip().removeprefix(f"{commands}/")

    return find


@pytest.mark.parametrize(
    ("pythons", "found"),
    [
        ({"python3_12": (True, True), "python3_13": (True, True), "python3_11": (True, True)}, "python3.12"),
        ({"python3_13": (True, True), "python3_11": (True, True), "python3": (True, True)}, "python3.13"),
        ({"python3_12": (False, False), "python3_11": (True, True)}, "python3.11"),  # pyenv's of no version
        ({"python3_12": (True, False), "python3_11": (True, True)}, "python3.11"),  # without headers
        (
            {"python3_12": (True, False), "python3": (True, False)},
            "python3.12",
        ),  # the set-up says what it lacks
        ({"python3": (False, True)}, ""),
        ({}, ""),
    ],
)
def test_first_python_that_works_is_taken(
    find_python: Callable[..., str], pythons: dict[str, tuple[bool, bool]], found: str
) -> None:
    assert find_python(**pythons) == found


def test_python_of_the_venv_stays(find_python: Callable[..., str]) -> None:
    assert find_python(before="python3.11", python3_12=(True, True), python3_11=(True, True)) == "python3.11"


def test_python_of_the_venv_that_is_gone_is_replaced(find_python: Callable[..., str]) -> None:
    assert find_python(before="python3.11", python3_12=(True, True)) == "python3.12"


# What `pip index versions` prints where no index, PyTorch's own or every one has the build for CPUs.
PIP = """import sys
asked = any("download.pytorch.org" in argument for argument in sys.argv)
there = {"no": False, "PyTorch's": asked, "every": True}[OFFERED]
print("Available versions: 2.15.0, 2.14.1" + ("+cpu" if there else "") + ", 2.13.0+cpu")
"""
CPU_INDEX = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
MIRROR = ["--extra-index-url", "https://mirror/cpu"]


@pytest.mark.parametrize(
    ("index", "nvidia", "offered", "options", "reason"),
    [
        ("", False, "PyTorch's", CPU_INDEX, "the CPU build of torch: no NVIDIA device"),
        ("", False, "every", [], "the CPU build of torch: no NVIDIA device"),
        ("", False, "no", [], "no reachable index has the CPU build of 2.14.1"),
        ("", True, "every", [], "this machine has an NVIDIA device"),
        ("pypi", False, "every", [], "CUDA build of torch (TORCH_INDEX=pypi)"),
        ("https://mirror/cpu", True, "no", MIRROR, "TORCH_INDEX=https://mirror/cpu"),
    ],
)
def test_build_of_torch_fits_the_machine(
    setup_env: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    index: str,
    nvidia: bool,
    offered: str,
    options: list[str],
    reason: str,
) -> None:
    import torch_build

    monkeypatch.setattr(torch_build, "has_nvidia_device", lambda: nvidia)
    pip = [sys.executable, "-c", PIP.replace("OFFERED", repr(offered))]
    chosen = torch_build.choose_torch(pip, "2.14.1", {"TORCH_INDEX": index})
    assert list(chosen.options) == options
    assert reason in chosen.reason


def test_pins_name_their_python_where_not_all_share_them(setup_env: ModuleType) -> None:
    import pin_versions

    text = pin_versions.merge(
        {"3.11": {"a": "1", "b": "1", "c": "1"}, "3.12": {"a": "1", "b": "2"}, "3.13": {"a": "1", "b": "2"}}
    )
    assert text.removeprefix(pin_versions.HEADER).splitlines() == [
        "a==1",
        'b==1 ; python_version == "3.11"',
        'b==2 ; python_version == "3.12" or python_version == "3.13"',
        'c==1 ; python_version == "3.11"',
    ]
    assert not pin_versions.applies('b==1 ; python_version == "3.11"', "3.12")
    assert pin_versions.applies("a==1", "3.12")


def test_bytes_of_downloads_are_counted_and_shown(tmp_path: Path) -> None:
    lines = (
        "Downloading https://host/big-1.0.whl (2 MB)",
        "Progress 5 of 2000000",
        "Progress 2000000 of 2000000",
    )
    result = run_step(tmp_path, f"printf '%s\\n' {' '.join(map(shlex.quote, lines))} done")
    assert result.returncode == 0 and "done after 0 s, 2.0 MB downloaded" in result.stdout
    assert (tmp_path / "log.txt").read_text() == f"{lines[0]}\ndone\n"


def test_a_step_that_fails_is_tried_again(tmp_path: Path) -> None:
    result = run_step(tmp_path, "test -e tried || { touch tried; exit 3; }", tries=2)
    assert result.returncode == 0 and "failed, retrying" in result.stdout


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


def run_step(folder: Path, script: str, tries: int = 1) -> subprocess.CompletedProcess[str]:
    step = f"'step', {['sh', '-c', script]}, pathlib.Path('log.txt'), tries={tries}"
    return subprocess.run(
        [sys.executable, "-c", f"import run_logged, pathlib; run_logged.run_logged({step})"],
        cwd=folder,
        env=dict(os.environ, PYTHONPATH=str(ROOT / "tools")),
        capture_output=True,
        text=True,
    )


def test_a_failing_step_shows_the_end_of_its_output(tmp_path: Path) -> None:
    result = run_step(tmp_path, "echo reason; exit 3")
    assert result.returncode == 1
    assert "reason" in result.stderr and "log.txt" in result.stderr
    assert (tmp_path / "log.txt").read_text() == "reason\n"
