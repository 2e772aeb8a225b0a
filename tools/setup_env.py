"""Makes .venv with a ROS 2 of its own, builds the package with colcon and writes build/env.sh.

Needs only Python's standard library. A step is skipped while nothing that it depends on changes.
"""

import fcntl
import hashlib
import os
import platform
import re
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from run_logged import run_logged
from torch_build import WHAT_IT_TAKES, choose_torch

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHONS = ((3, 11), (3, 12), (3, 13))  # as in find_python.sh and pin_versions.py
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
SITE_PACKAGES = VENV / "lib" / PYTHON / "site-packages"
LOGS = ROOT / "build/log"
BUILD = ROOT / "build/ros"
INSTALL = BUILD / "install"
PYTHON_LINKS = BUILD / "python"
ENV_SCRIPT = ROOT / "build/env.sh"
REQUIREMENTS = ("requirements.txt", "requirements-training.txt", "requirements-dev.txt", "constraints.txt")
PACKAGE_FILES = ("package.xml", "CMakeLists.txt", "setup.cfg", "requirements.txt")
PACKAGE_FOLDERS = ("msg", "srv", "model", "eovseg_ros", "launch", "config")
# The include folders of the machine that built the ROS wheels.
WHEELS_NUMPY_INCLUDE = re.compile(r"/opt/python/[^/]+/lib/python3\.\d+/site-packages/numpy/_core/include")
WHEELS_INCLUDE = re.compile(r"/opt/python/[^/]+/include/python3\.\d+")
ELSEWHERE = "or run make PYTHON=/path/to/python3 with a Python that has it (`uv python install 3.12`)"
# What a sourced ROS install or another virtual environment leaves behind.
FOREIGN_VARIABLES = (
    "AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH PYTHONHOME PYTHONPATH "
    "RMW_IMPLEMENTATION ROS_DISTRO ROS_PYTHON_VERSION ROS_VERSION"
).split()


def main() -> None:
    problems = missing_tools()
    if problems:
        sys.exit("\n".join(f"setup: {problem}" for problem in problems))
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two makes at once: the second waits and finds all done
        make_venv()
        install_requirements()
        build_package()
        write_env_script()


def missing_tools() -> list[str]:
    """Return one line for each thing that this machine lacks, saying what to install."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return ["the ROS 2 wheels are for Linux on x86_64; elsewhere build with colcon in a ROS 2 install"]
    if sys.version_info[:2] not in PYTHONS:
        names = ", ".join(f"{major}.{minor}" for major, minor in PYTHONS)
        return [
            f"{sys.executable} is Python {platform.python_version()}; the ROS 2 wheels are for {names}: "
            "run make PYTHON=/path/to/python3 with one of these"
        ]
    problems = []
    try:
        import ensurepip  # noqa: F401  Debian ships Python without it
        import venv  # noqa: F401
    except ImportError:
        problems.append(f"Python's venv module is missing: sudo apt-get install {PYTHON}-venv, {ELSEWHERE}")
    if not Path(sysconfig.get_paths()["include"], "Python.h").is_file():
        problems.append(f"the header Python.h is missing: sudo apt-get install {PYTHON}-dev, {ELSEWHERE}")
    for language, variable, default in (("C", "CC", "cc"), ("C++", "CXX", "c++")):
        if not shutil.which(shlex.split(os.environ.get(variable) or default)[0]):
            problems.append(f"a {language} compiler is missing: sudo apt-get install build-essential")
    return problems


def make_venv() -> None:
    """Create .venv; recreate it if it was made by another Python or in another folder."""
    digest = digest_of([sys.base_prefix, PYTHON, str(ROOT)])
    stamp = VENV / "made.sha256"
    if is_fresh(stamp, digest):
        return
    print(f"setup: {WHAT_IT_TAKES}", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    run_logged(f"[1/3] creating .venv with {sys.executable}", command, LOGS / "venv.txt", clean_environment())
    stamp.write_text(digest)


def install_requirements() -> None:
    """Install the pinned packages and make the CMake files of the ROS wheels fit this environment."""
    digest = digest_of([ROOT / name for name in REQUIREMENTS] + [(VENV / "made.sha256").read_text()])
    stamp = VENV / "requirements.sha256"
    if is_fresh(stamp, digest):
        return
    pip = [str(VENV / "bin/python"), "-m", "pip", "--disable-pip-version-check"]
    constraints = ["-c", str(ROOT / "constraints.txt")]
    torch = choose_torch(pip, pinned_version("torch"), clean_environment())
    print(f"setup: {torch.reason}", flush=True)
    if not (SITE_PACKAGES / "torch").exists():
        print(f"setup: about {torch.download:g} GB to download, {torch.disk:g} GB in .venv", flush=True)
        require_disk(torch.download + torch.disk)  # pip keeps what it downloads
    install = [*pip, "install", *constraints]
    progress = ["--progress-bar", "raw"]
    steps = (
        ("pip", [*install, "pip"]),  # Debian 12's own cannot show how far a download is
        ("torch", [*install, *progress, *torch.options, "torch", "torchvision"]),
        ("packages", [*install, *progress, "-r", str(ROOT / "requirements-dev.txt")]),
    )
    for name, command in steps:
        title = f"[2/3] installing {name} into .venv"
        run_logged(title, command, LOGS / f"{name}.txt", clean_environment(), tries=2)
    fit_cmake_exports()
    stamp.write_text(digest)


def pinned_version(name: str) -> str:
    """Return the version of a package that constraints.txt has for every Python."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{name}==")).partition("==")[2]


def require_disk(needed: float) -> None:
    """Exit if fewer GB of disk are free than the packages take."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < needed:
        sys.exit(f"setup: {ROOT} has {free:.1f} GB of free disk space; {needed:.0f} GB are needed")


def fit_cmake_exports() -> None:
    """Replace the include folders of the machine that built the ROS wheels by this environment's own."""
    for path in (VENV / "share").glob("*/cmake/*.cmake"):
        text = path.read_text()
        fitted = WHEELS_NUMPY_INCLUDE.sub(str(SITE_PACKAGES / "numpy/_core/include"), text)
        fitted = WHEELS_INCLUDE.sub(sysconfig.get_paths()["include"], fitted)
        if fitted != text:
            path.write_text(fitted)


def build_package() -> None:
    """Build the package with colcon from build/ros/src, a folder of links.

    CMake refuses to export an include folder inside the source folder, and NumPy's is in .venv.
    """
    digest = digest_of([*package_inputs(), (VENV / "requirements.sha256").read_text()])
    stamp = INSTALL / "built.sha256"
    if is_fresh(stamp, digest):
        return
    for folder in (BUILD / "build", INSTALL):  # CMake remembers another Python's libraries
        shutil.rmtree(folder, ignore_errors=True)
    link_sources()
    command = [str(VENV / "bin/colcon"), "--log-base", str(BUILD / "log"), "build", "--merge-install"]
    command += ["--symlink-install", "--event-handlers", "console_direct+"]
    command += ["--base-paths", str(BUILD / "src"), "--build-base", str(BUILD / "build")]
    command += ["--install-base", str(INSTALL), "--cmake-args", "-G", "Ninja", "-DBUILD_TESTING=OFF"]
    command += [f"-DPython3_EXECUTABLE={VENV}/bin/python"]
    run_logged("[3/3] building the package with colcon", command, LOGS / "colcon.txt", build_environment())
    stamp.write_text(digest)


def package_inputs() -> list[Path | str]:
    """Return the files whose content matters to the build, and the names of those that it only links.

    The Python files are neither: build/env.sh takes them from the source.
    """
    interfaces = sorted((ROOT / "msg").glob("*.msg")) + sorted((ROOT / "srv").glob("*.srv"))
    contents = [ROOT / name for name in PACKAGE_FILES] + interfaces
    linked = sorted((ROOT / "launch").glob("*")) + sorted((ROOT / "config").glob("*"))
    return [*contents, *(str(path) for path in linked if path.is_file())]


def link_sources() -> None:
    """Fill build/ros/src with links to the package's files, and build/ros/python with one to the model."""
    source = BUILD / "src/eovseg_ros"
    links = {source / name: ROOT / name for name in PACKAGE_FILES + PACKAGE_FOLDERS if (ROOT / name).exists()}
    links[PYTHON_LINKS / "eovseg_model"] = ROOT / "model"
    for link, target in links.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without a sourced ROS or another virtual environment."""
    return {name: value for name, value in os.environ.items() if name not in FOREIGN_VARIABLES}


def build_environment() -> dict[str, str]:
    """Return the environment for building against the ROS wheels in .venv."""
    return clean_environment() | {
        "PATH": f"{VENV}/bin:{os.environ['PATH']}",
        "AMENT_PREFIX_PATH": str(VENV),
        "CMAKE_PREFIX_PATH": str(VENV),
        "LD_LIBRARY_PATH": library_path(),
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
    }


def library_path() -> str:
    """Return the folders with the ROS wheels' libraries, joined by colons."""
    return ":".join(map(str, [VENV / "lib", *sorted(SITE_PACKAGES.glob("ros_*.libs"))]))


def write_env_script() -> None:
    """Write build/env.sh from tools/env.sh.in unless it is there as it should be."""
    script = (ROOT / "tools/env.sh.in").read_text()
    values: dict[str, Path | str] = {
        "ROOT": ROOT,
        "VENV": VENV,
        "INSTALL": INSTALL,
        "PYTHON_LINKS": PYTHON_LINKS,
    }
    values["PYTHON"] = PYTHON
    values["VENV_LIBRARIES"] = library_path()
    for name, value in values.items():
        script = script.replace(f"@{name}@", str(value))
    if not ENV_SCRIPT.exists() or ENV_SCRIPT.read_text() != script:
        ENV_SCRIPT.write_text(script)


def digest_of(inputs: Sequence[Path | str]) -> str:
    """Return a SHA-256 over the contents of files (paths) and over strings as they are."""
    digest = hashlib.sha256()
    for item in inputs:
        digest.update(hashlib.sha256(item.read_bytes() if isinstance(item, Path) else item.encode()).digest())
    return digest.hexdigest()


def is_fresh(stamp: Path, digest: str) -> bool:
    """Say whether the step that writes this stamp last succeeded with the same inputs."""
    return stamp.exists() and stamp.read_text() == digest


if __name__ == "__main__":
    main()
