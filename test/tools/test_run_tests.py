"""`make test` runs both halves whatever the first one gives, and says what was skipped and why."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PASSES = "def test_a(): pass\n"
FAILS = "def test_a(): assert False\n"
FAILS_ONCE = """
from pathlib import Path
def test_a():
    mark = Path(__file__).with_name("mark")
    there = mark.exists()
    mark.touch()
    assert there
"""
SKIPS = "import pytest\n@pytest.mark.skip(reason='needs a GPU')\ndef test_b(): pass\n"
SKIPS_WHOLE_FILE = "import pytest\npytest.importorskip('no_such', reason='needs a GPU')\n"
DIES = "import os\ndef test_a(): os._exit(9)\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable:
    """Runs two halves of one file each -> exit status, the last lines."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import run_tests

    def run_halves(model: str, graph: str, *arguments: str) -> tuple[int, list[str]]:
        halves(run_tests, tmp_path, monkeypatch, {"model": model, "graph": graph})
        status = run_tests.main(list(arguments))
        return status, capfd.readouterr().out.splitlines()[-4:]

    return run_halves


def halves(
    module: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch, sources: dict[str, str]
) -> None:
    for name, source in sources.items():
        (folder / f"test_{name}.py").write_text(source)
    rest = ["--rootdir", str(folder)]
    chosen = {
        name: module.Half([str(folder / f"test_{name}.py"), *rest], again_alone=name == "graph")
        for name in sources
    }
    monkeypatch.setattr(module, "HALVES", chosen)
    monkeypatch.setattr(module, "REPORTS", folder)
    monkeypatch.setattr(module, "ROOT", folder)


def test_second_half_runs_after_a_failure_of_the_first(run: Callable) -> None:
    status, (model, graph, skipped, total) = run(FAILS, PASSES)
    assert status == 1
    assert "0 passed, 1 failed, 0 skipped" in model
    assert "1 passed, 0 failed, 0 skipped" in graph
    assert skipped == "skipped: none"
    assert total == "tests: 1 passed, 1 failed, 0 skipped"


def test_skips_are_summed_up_by_reason(run: Callable) -> None:
    status, (*_, skipped, total) = run(PASSES + SKIPS, SKIPS_WHOLE_FILE)
    assert status == 0
    assert skipped == "skipped: 2 x needs a GPU"
    assert total == "tests: 1 passed, 0 failed, 2 skipped"


def test_a_half_that_is_killed_is_a_failure(run: Callable) -> None:
    status, (model, graph, *_) = run(DIES, PASSES)
    assert status == 1
    assert "pytest ended with status 9" in model and "1 passed" in graph


def test_arguments_may_choose_tests_of_one_half(run: Callable) -> None:
    assert run(PASSES, SKIPS + "def test_c(): pass\n", "-k", "test_c")[0] == 0


def test_no_test_at_all_is_a_failure(run: Callable) -> None:
    assert run(PASSES, PASSES, "-k", "no_such_name")[0] == 1


def test_a_test_of_the_graph_that_fails_beside_others_may_pass_alone_and_is_named(run: Callable) -> None:
    status, (graph, alone, _, total) = run(PASSES, FAILS_ONCE + "def test_b(): pass\n")
    assert status == 0
    assert "2 passed, 0 failed" in graph
    assert alone == "passed alone, but not beside others: test_graph::test_a"
    assert total == "tests: 3 passed, 0 failed, 0 skipped"


def test_a_test_of_the_graph_that_fails_alone_too_is_a_failure(run: Callable) -> None:
    status, (_, graph, _, total) = run(PASSES, FAILS + "def test_b(): pass\n")
    assert status == 1
    assert "1 passed, 1 failed" in graph
    assert total == "tests: 2 passed, 1 failed, 0 skipped"


def test_a_test_of_the_model_has_one_try(run: Callable) -> None:
    assert run(FAILS_ONCE, PASSES)[0] == 1
