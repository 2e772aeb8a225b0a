"""The wheel that `pip install .` makes holds the model and its command, and no node and no test."""

import os
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    int(version("setuptools").split(".")[0]) < 77,
    reason="setuptools is older than 77",
)
SUFFIXES = {".py", ".pyi", ".typed", ".json", ".safetensors"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: setuptools would leave its folders in the source, and take up what lies in them."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "setup.py", "setup.cfg", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("model", "eovseg_ros", "test/launch"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "-w", folder, folder], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def read(wheel: Path, name: str) -> str:
    """A file of the wheel's metadata."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [path for path in archive.namelist() if path.endswith(f".dist-info/{name}")]
        return archive.read(path).decode()


def test_it_holds_the_whole_model_and_nothing_else(wheel: Path) -> None:
    model = ROOT / "model"
    source = {path.relative_to(model).as_posix() for path in model.rglob("*") if path.suffix in SUFFIXES}
    with zipfile.ZipFile(wheel) as archive:
        files = {path for path in archive.namelist() if ".dist-info/" not in path}
    assert files == {f"eovseg_model/{path}" for path in source}
    assert {"eovseg_model/py.typed", "eovseg_model/weights/eovseg_tiny.safetensors"} <= files


def test_its_one_command_is_that_of_the_model(wheel: Path) -> None:
    assert read(wheel, "entry_points.txt").split() == [
        "[console_scripts]",
        *("eovseg", "=", "eovseg_model.cli.main:main"),
    ]


def test_it_is_described(wheel: Path) -> None:
    metadata: Message = Parser().parsestr(read(wheel, "METADATA"))
    assert metadata["Name"] == "eovseg_model" and metadata["License-Expression"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE" and metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().startswith("# eovseg_ros")
    extras = {"training", "evaluation", "simulation", "export", "node", "web", "bags", "rerun", "dev"}
    assert extras == set(metadata.get_all("Provides-Extra"))


def test_its_command_runs_outside_the_source(wheel: Path, tmp_path: Path) -> None:
    """Installed on its own, with the libraries of this environment."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--target",
        tmp_path / "site",
        wheel,
    ]
    subprocess.run(command, check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    program = (
        "import eovseg_model; print(eovseg_model.Vocabulary.parse(['@coco_panoptic']).classes[0].names[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "person\n", done.stderr
    script = tmp_path / "site/bin/eovseg"
    done = subprocess.run(
        [sys.executable, script, "--help"], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0 and "benchmark" in done.stdout, done.stderr
