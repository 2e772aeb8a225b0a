"""Makes .venv with a ROS 2 of its own, builds the messages with colcon and writes build/env.sh.

Needs Python's standard library only. Every step is skipped while nothing that it depends on has changed.
"""

import glob
import hashlib
import os
import platform
import shutil
import sys
import sysconfig
from pathlib import Path

from run_logged import run_logged

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
SITE_PACKAGES = VENV / "lib" / "python3.11" / "site-packages"
BUILD = ROOT / "build" / "ros"
INSTALL = BUILD / "install"
ENV_SCRIPT = ROOT / "build" / "env.sh"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "constraints.txt")
PACKAGE_FILES = ("package.xml", "CMakeLists.txt", "setup.cfg", "requirements.txt")
PACKAGE_FOLDERS = ("msg", "model", "eovseg_ros", "launch", "config")
WHEELS_INCLUDE = "/opt/python/cp311-cp311/include/python3.11"
WHEELS_NUMPY_INCLUDE = "/opt/python/cp311-cp311/lib/python3.11/site-packages/numpy/_core/include"
ENOUGH_DISK = 12 * 2**30  # bytes: the CUDA build of torch takes most of it


def main():
    problems = missing_tools()
    if problems:
        sys.exit("\n".join("set-up: " + problem for problem in problems))
    make_venv()
    install_requirements()
    build_package()
    write_env_script()


def missing_tools():
    """Returns one line for each thing that this machine lacks, saying what to install."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return ["the ROS 2 wheels are for Linux on x86_64; elsewhere build with colcon in a ROS 2 install"]
    if sys.version_info[:2] != (3, 11):
        return [
            "Python 3.11 is needed, %s is %s: sudo apt-get install python3.11 python3.11-venv python3.11-dev "
            "(or make PYTHON=/path/to/python3.11)" % (sys.executable, platform.python_version())
        ]
    problems = []
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        problems.append("Python's venv module is missing: sudo apt-get install python3.11-venv")
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").is_file():
        problems.append("Python's header Python.h is missing: sudo apt-get install python3.11-dev")
    for name, variable, command in (("C", "CC", "cc"), ("C++", "CXX", "c++")):
        if not shutil.which(os.environ.get(variable, command)):
            problems.append("a %s compiler is missing: sudo apt-get install build-essential" % name)
    return problems


def make_venv():
    """Makes .venv, anew where it came from another Python or another folder."""
    digest = digest_of([], sys.version, str(ROOT), sys.base_prefix)
    stamp = VENV / "made.sha256"
    if is_fresh(stamp, digest):
        return
    free = shutil.disk_usage(str(ROOT)).free
    if free < ENOUGH_DISK:
        sys.exit("set-up: %.0f GB of free disk are needed, %.0f are there" % (ENOUGH_DISK / 2**30, free / 2**30))
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    run_logged("[1/3] making .venv", command, ROOT / "build" / "log" / "venv.txt")
    stamp.write_text(digest)


def install_requirements():
    """Installs the pinned packages and makes the ROS wheels' CMake files fit this environment."""
    index = os.environ.get("TORCH_INDEX", "")
    digest = digest_of([ROOT / name for name in REQUIREMENTS], index)
    stamp = VENV / "requirements.sha256"
    if is_fresh(stamp, digest):
        return
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["-r", str(ROOT / "requirements-dev.txt"), "-c", str(ROOT / "constraints.txt")]
    if index:
        command += ["--extra-index-url", index]
    run_logged("[2/3] installing packages into .venv", command, ROOT / "build" / "log" / "pip.txt", clean_env())
    fit_cmake_exports()
    stamp.write_text(digest)


def fit_cmake_exports():
    """Replaces the include folders of the machine that built the ROS wheels by this environment's own."""
    numpy_include = str(SITE_PACKAGES / "numpy" / "_core" / "include")
    for path in (VENV / "share").glob("*/cmake/*.cmake"):
        text = path.read_text()
        fitted = text.replace(WHEELS_NUMPY_INCLUDE, numpy_include)
        fitted = fitted.replace(WHEELS_INCLUDE, sysconfig.get_paths()["include"])
        if fitted != text:
            path.write_text(fitted)


def build_package():
    """Builds the package with colcon from build/ros/src, a folder of links.

    CMake refuses to export include folders that lie inside the source folder, as .venv does.
    """
    digest = digest_of(package_inputs(), (VENV / "requirements.sha256").read_text())
    stamp = INSTALL / "built.sha256"
    if is_fresh(stamp, digest):
        return
    link_sources()
    command = [str(VENV / "bin" / "colcon"), "--log-base", str(BUILD / "log"), "build", "--merge-install"]
    command += ["--symlink-install", "--base-paths", str(BUILD / "src"), "--build-base", str(BUILD / "build")]
    command += ["--install-base", str(INSTALL), "--event-handlers", "console_direct+", "--cmake-args", "-G", "Ninja"]
    command += ["-DPython3_EXECUTABLE=%s" % VENV_PYTHON, "-DBUILD_TESTING=OFF"]
    run_logged("[3/3] building the package with colcon", command, ROOT / "build" / "log" / "colcon.txt", ros_env())
    stamp.write_text(digest)


def package_inputs():
    """Returns the files whose content matters to the build, and the names of those that it only links.

    The Python files are neither: build/env.sh takes them from the source.
    """
    contents = [ROOT / name for name in PACKAGE_FILES] + sorted((ROOT / "msg").glob("*.msg"))
    linked = sorted((ROOT / "launch").glob("*")) + sorted((ROOT / "config").glob("*"))
    return contents + [str(path) for path in linked if path.is_file()]


def link_sources():
    """Fills build/ros/src with links to the package's files, and build/ros/python with one to the model."""
    source = BUILD / "src" / "eovseg_ros"
    links = {source / name: ROOT / name for name in PACKAGE_FILES + PACKAGE_FOLDERS if (ROOT / name).exists()}
    links[BUILD / "python" / "eovseg_model"] = ROOT / "model"
    for link, target in links.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(target)


def clean_env():
    """Returns this process's environment without what a sourced ROS or another venv has put into it."""
    env = dict(os.environ)
    for name in ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH",
                 "COLCON_PREFIX_PATH", "ROS_DISTRO", "ROS_VERSION", "ROS_PYTHON_VERSION", "RMW_IMPLEMENTATION"):
        env.pop(name, None)
    return env


def ros_env():
    """Returns the environment for building against the ROS wheels in .venv."""
    env = clean_env()
    env["PATH"] = "%s:%s" % (VENV / "bin", env["PATH"])
    env["AMENT_PREFIX_PATH"] = env["CMAKE_PREFIX_PATH"] = str(VENV)
    env["LD_LIBRARY_PATH"] = library_path()
    env["_ROS_WHEELS_BOOTSTRAP_COMPLETE"] = "1"
    return env


def library_path():
    """Returns the folders of the ROS wheels' libraries, joined by colons."""
    bundled = sorted(glob.glob(str(SITE_PACKAGES / "ros_*.libs")))
    return ":".join([str(VENV / "lib")] + bundled)


def write_env_script():
    """Writes build/env.sh from tools/env.sh.in, where it is not there already."""
    template = (ROOT / "tools" / "env.sh.in").read_text()
    values = {"@ROOT@": str(ROOT), "@VENV@": str(VENV), "@INSTALL@": str(INSTALL),
              "@PYTHON_LINKS@": str(BUILD / "python"), "@VENV_LIBRARIES@": library_path()}
    for name, value in values.items():
        template = template.replace(name, value)
    if not ENV_SCRIPT.exists() or ENV_SCRIPT.read_text() != template:
        ENV_SCRIPT.write_text(template)


def digest_of(items, *texts):
    """Returns a SHA-256 of the contents of paths, and of strings as they are."""
    digest = hashlib.sha256("\n".join(texts).encode())
    for item in items:
        digest.update(item.read_bytes() if isinstance(item, Path) else item.encode())
    return digest.hexdigest()


def is_fresh(stamp, digest):
    """Says whether the step that writes this stamp last ran with the same inputs."""
    return stamp.exists() and stamp.read_text() == digest


if __name__ == "__main__":
    main()
