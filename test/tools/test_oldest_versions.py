"""`make oldest` installs the lower bounds of pyproject.toml and gives pytest's status."""

import subprocess
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture
def oldest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The program, with a folder of its own and uv that only writes down versions."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import oldest_versions

    def uv(*arguments: str, tries: int = 1) -> None:
        if "--output-file" in arguments:
            Path(arguments[-1]).write_text("torch==2.6.0\njinja2==3.1.6\n")

    monkeypatch.setattr(oldest_versions, "FOLDER", tmp_path)
    monkeypatch.setattr(oldest_versions, "install_uv", lambda: None)
    monkeypatch.setattr(oldest_versions, "uv", uv)
    return oldest_versions


def test_every_lower_bound_that_the_model_has_is_installed(oldest: ModuleType) -> None:
    not_tested = {"node", "web", "rerun", "ray", "dev"}
    assert set(oldest.tested_extras()) == PROJECT["optional-dependencies"].keys() - not_tested
    assert {"torch", "open-clip-torch", "openvino", "pybullet", "hotcoco"} <= oldest.direct_dependencies()


def test_its_tests_exist(oldest: ModuleType) -> None:
    assert [name for name in oldest.TESTS if not (ROOT / name).exists()] == []


def test_pytest_runs_on_the_source_without_this_environment(
    oldest: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = []

    def run(command: list[str], **options) -> subprocess.CompletedProcess:
        runs.append((command, options["env"]))
        return subprocess.CompletedProcess(command, 5)

    monkeypatch.setattr(oldest.subprocess, "run", run)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/a/ros/lib")
    assert oldest.main(["test/model/network"]) == 5
    ((command, environment),) = runs
    assert command[0] == str(tmp_path / "venv/bin/python") and command[-1] == "test/model/network"
    assert "LD_LIBRARY_PATH" not in environment
    assert (Path(environment["PYTHONPATH"]) / "eovseg_model/py.typed").exists()
    assert capsys.readouterr().out == "torch==2.6.0\n"  # of what pyproject.toml names


def test_a_version_that_does_not_exist_ends_the_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import oldest_versions

    uv = tmp_path / "bin/uv"
    uv.parent.mkdir()
    uv.write_text('#!/bin/sh\necho "no version fits" >&2\nexit 1\n')
    uv.chmod(0o755)
    monkeypatch.setattr(oldest_versions, "UV", tmp_path)
    with pytest.raises(SystemExit, match="uv pip compile failed"):
        oldest_versions.uv("pip", "compile", tries=2)
    assert capfd.readouterr().err == "no version fits\n" * 2
