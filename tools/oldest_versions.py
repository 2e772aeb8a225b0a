"""Runs tests of the model with the oldest versions that pyproject.toml allows.

    python tools/oldest_versions.py [arguments for pytest, in place of the usual folders and files]

uv installs them into build/oldest for Python 3.11. PyPI has torch with CUDA only, so this downloads 3.4 GB
the first time and needs 6 GB of disk. The tests' own packages have the versions of constraints.txt.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from pin_versions import PLATFORM, UV, install_uv, read_pins

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build/oldest"
PYTHON = "3.11"
# Extras: node, web and rerun need ROS, ray is large, and tools are not the model's.
NOT_TESTED = {"node", "web", "rerun", "ray", "dev"}
TOOLS = ("pytest", "pytest-timeout", "pytest-xdist", "pycocotools")
TESTS = (
    *("test/model/backends", "test/model/checkpoint", "test/model/drawing", "test/model/evaluation"),
    *("test/model/geometry", "test/model/inference", "test/model/network", "test/model/tracking"),
    "test/model/vocabulary",
    *("test/model/training/test_losses.py", "test/model/training/test_training.py"),
    "test/packaging/test_private_names.py",
)
# Peaks of memory differ between versions; the stand-in of CUDA for tests fits the newest torch.
LEFT_OUT = " and ".join(
    f"not {part}"
    for part in (
        "loading_memory",
        "cuda",
        "exported_elsewhere",
        "device_side",
        "gpu_precision",
        "network_graphs",
    )
)


def main(arguments: list[str]) -> int:
    """Resolve, install, test; pytest's exit status."""
    install_uv()
    FOLDER.mkdir(parents=True, exist_ok=True)
    versions = resolve()
    for line in sorted(versions.read_text().splitlines()):
        if line.partition("==")[0] in direct_dependencies():
            print(line)
    uv("venv", "--quiet", "--allow-existing", "--python", PYTHON, str(FOLDER / "venv"))
    python = str(FOLDER / "venv/bin/python")
    uv("pip", "sync", "--quiet", "--python", python, str(versions), tries=2)
    link = FOLDER / "python/eovseg_model"
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT / "model")
    tests = arguments or ["-k", LEFT_OUT, *TESTS]
    command = [python, "-m", "pytest", "--timeout", "900", "-n", "2", *tests]
    return subprocess.run(command, cwd=ROOT, env=environment(link.parent)).returncode


def resolve() -> Path:
    """Write the file of versions, one a package; ends the program where none fit."""
    versions = FOLDER / "versions.txt"
    with tempfile.TemporaryDirectory() as folder:
        tools = Path(folder, "tools.in")
        tools.write_text("\n".join(pin for pin in read_pins() if pin.partition("==")[0] in TOOLS))
        command = ["pip", "compile", str(ROOT / "pyproject.toml"), str(tools), "--quiet"]
        command += [option for extra in tested_extras() for option in ("--extra", extra)]
        command += ["--resolution", "lowest-direct", "--python-version", PYTHON]
        command += ["--python-platform", PLATFORM, "--no-annotate", "--no-header"]
        uv(*command, "--output-file", str(versions), tries=2)
    return versions


def project() -> dict:
    """The table [project] of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def tested_extras() -> list[str]:
    """The extras whose lower bounds are tested."""
    return [extra for extra in project()["optional-dependencies"] if extra not in NOT_TESTED]


def direct_dependencies() -> set[str]:
    """Names of the packages that pyproject.toml gives a lower bound, as uv writes them."""
    extras = project()["optional-dependencies"]
    lines = project()["dependencies"] + [line for extra in tested_extras() for line in extras[extra]]
    return {line.partition(">=")[0].replace("_", "-") for line in lines}


def environment(python_path: Path) -> dict[str, str]:
    """This process's environment without the libraries and modules of .venv and of ROS."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("LD_LIBRARY_PATH", "VIRTUAL_ENV")
    }
    return kept | {"PYTHONPATH": str(python_path), "OMP_NUM_THREADS": "1"}


def uv(*arguments: str, tries: int = 1) -> None:
    """Run uv; ends the program where it fails every time."""
    for left in reversed(range(tries)):
        status = subprocess.run([str(UV / "bin/uv"), *arguments], stdout=subprocess.DEVNULL).returncode
        if status == 0:
            return
        if not left:
            sys.exit(f"oldest_versions: uv {arguments[0]} {arguments[1]} failed; its reasons are above")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
