"""The targets of `make mutants` exist, and its runs of tests end in time."""

import ast
import importlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module


def test_every_target_and_its_tests_exist(tools):
    targets = tools("mutant_targets").TARGETS
    named = [*targets, *(path for paths in targets.values() for path in paths.split())]
    assert [path for path in named if not (ROOT / path).is_file()] == []
    names = [Path(file).stem for file in targets]
    assert len(set(names)) == len(names)  # each has a session of its own


def test_faults_are_planted_where_they_make_a_difference(tools):
    source = """\
@dataclass(frozen=True)
class Row:
    first: int | None = 1 | 2

@lru_cache(maxsize=64)
def add(row: Row | None, by: "int | str" = 4 | 8) -> int | None:
    return [a | by for a, b in zip(row, row, strict=True)]
"""
    inert = tools("mutant_sample").inert_places(source)
    lines = source.splitlines()
    assert [lines[row - 1][column:end] for row, column, _, end in inert] == [
        "dataclass(frozen=True)",
        "int | None",
        "int | None",
        "Row | None",
        '"int | str"',
        "64",
        "True",
    ]
    assert all(row == end_row for row, _, end_row, _ in inert) and ast.parse(source)


@pytest.fixture
def run(tmp_path):
    """Runs tests through the server, within a number of seconds: (exit status, what it printed)."""
    socket, tool = tmp_path / "socket", ROOT / "tools/pytest_server.py"
    server = subprocess.Popen(
        [sys.executable, tool, "serve", socket], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    while not socket.exists():
        assert server.poll() is None
        time.sleep(0.05)

    def run_tests(text, seconds=60):
        (tmp_path / "test_it.py").write_text(text)
        command = [sys.executable, "-S", tool, "run", socket, str(seconds), "test_it.py"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90)
        return done.returncode, done.stdout.strip()

    yield run_tests
    server.terminate()
    server.wait()


def test_each_run_of_the_test_server_sees_the_files_of_its_time(run, tmp_path):
    assert run("def test(): assert True") == (0, "")
    assert run("def test(): assert False") == (1, "")
    assert run("import time\ndef test(): time.sleep(1000)", seconds=0.5) == (1, "timed out")
    assert run("import os\ndef test(): os._exit(3)") == (3, "")
    assert run("import os\ndef test(): os.kill(os.getpid(), 9)") == (1, "lost")
    assert run("def test(): assert True") == (0, "")
    (tmp_path / "socket").unlink()
    assert run("def test(): assert True") == (1, "lost")
