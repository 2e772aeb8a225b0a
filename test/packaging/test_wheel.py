"""The wheel that `pip install .` makes holds the model, what labels recordings, and their commands."""

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
    for name in ("model", "eovseg_ros", "msg", "test/launch"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "-w", folder, folder], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def read(wheel: Path, name: str) -> str:
    """A file of the wheel's metadata."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [path for path in archive.namelist() if path.endswith(f".dist-info/{name}")]
        return archive.read(path).decode()


def test_it_holds_the_whole_model_and_what_labels_recordings(wheel: Path) -> None:
    model, bags = ROOT / "model", ROOT / "eovseg_ros/bags"
    source = {f"eovseg_model/{p.relative_to(model)}" for p in model.rglob("*") if p.suffix in SUFFIXES}
    rooms = {f"eovseg_ros/bags/{p.relative_to(bags)}" for p in bags.rglob("*") if p.suffix in SUFFIXES}
    definitions = {f"eovseg_ros/bags/definitions/{path.name}" for path in (ROOT / "msg").glob("*.msg")}
    with zipfile.ZipFile(wheel) as archive:
        files = {path for path in archive.namelist() if ".dist-info/" not in path}
    assert source | rooms | definitions <= files
    assert {"eovseg_model/py.typed", "eovseg_model/weights/eovseg_tiny.safetensors"} <= files
    others = {"/".join(path.split("/")[:2]) for path in files - source}
    rest = ("__init__.py", "bags", "messages", "node", "processes")
    assert others == {f"eovseg_ros/{name}" for name in rest}
    node = {"eovseg_ros/node/__init__.py", "eovseg_ros/node/__init__.pyi"}
    assert node <= files and "eovseg_ros/node/space/depth_match.py" in files


def test_its_commands_need_no_ros(wheel: Path) -> None:
    assert read(wheel, "entry_points.txt").split() == [
        "[console_scripts]",
        *("eovseg", "=", "eovseg_model.cli.main:main"),
        *("eovseg-bags", "=", "eovseg_ros.bags.program:main"),
    ]


def test_it_is_described(wheel: Path) -> None:
    metadata: Message = Parser().parsestr(read(wheel, "METADATA"))
    assert metadata["Name"] == "eovseg_model" and metadata["License-Expression"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE" and metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().startswith("# eovseg_ros")
    extras = {"training", "evaluation", "simulation", "export", "node", "web", "bags", "rerun", "ray", "dev"}
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
    for name, text in (("eovseg", "benchmark"), ("eovseg-bags", "label")):
        words = [sys.executable, tmp_path / "site/bin" / name, "--help"]
        done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0 and text in done.stdout, done.stderr
    program = (
        "from eovseg_ros.bags import message_types as m; print(m.__file__, m.definition(m.VOCABULARY)[:22])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == f"{tmp_path}/site/eovseg_ros/bags/message_types.py std_msgs/Header header\n", (
        done.stderr
    )
