"""Writes constraints.txt: a version of every package, resolved for the oldest patch release of each Python.

    python tools/pin_versions.py             keep the valid pins, resolve the others
    python tools/pin_versions.py --upgrade   use the newest versions
    python tools/pin_versions.py --check     only compare; status 1 if a pin is out of date

Debian 12 has Python 3.11.2; a pin that needs 3.11.5 makes `make demo` fail there. uv, which is installed
into build/uv, resolves for Python versions that are not installed.
"""

import argparse
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
UV = ROOT / "build/uv"
PYTHONS = ("3.11", "3.12", "3.13")  # as in setup_env.py; the oldest patch release of each is its .0
PLATFORM = "x86_64-manylinux_2_35"  # the glibc of Ubuntu 22.04, the oldest system that the README names
PINNED_BY_TORCH = ("cuda-", "nvidia-", "triton")  # and only there in its CUDA build
HEADER = """\
# The versions that the tests run with, written by `make pins` for the oldest patch release of each Python.
# torch itself pins its CUDA packages.
"""


def main() -> int:
    """Write or check the file; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--upgrade", action="store_true", help="use the newest versions")
    how.add_argument("--check", action="store_true", help="only compare; status 1 if a pin is out of date")
    options = parser.parse_args()
    install_uv()
    text = merge({python: resolve(python, upgrade=options.upgrade) for python in PYTHONS})
    if not options.check:
        CONSTRAINTS.write_text(text)
        return 0
    wrong = sorted(set(CONSTRAINTS.read_text().splitlines()) ^ set(text.splitlines()))
    for line in wrong:
        print(f"constraints.txt is out of date: {line} (run `make pins`)", file=sys.stderr)
    return int(bool(wrong))


def install_uv() -> None:
    """Put uv into an environment of its own; a failed download is tried once more."""
    if not (UV / "bin/uv").exists():
        venv.create(UV, with_pip=True, clear=True)
        command = [str(UV / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "uv"]
        if subprocess.run(command).returncode:
            subprocess.run(command, check=True)


def resolve(python: str, *, upgrade: bool) -> dict[str, str]:
    """Package name -> version for the first patch release of one Python, from the pins that there are."""
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "pins.txt")
        kept = [] if upgrade else [line for line in read_pins() if applies(line, python)]
        pins.write_text("\n".join(kept))
        command = [str(UV / "bin/uv"), "pip", "compile", str(ROOT / "requirements-dev.txt"), "--quiet"]
        command += ["--python-version", f"{python}.0", "--python-platform", PLATFORM]
        command += ["--no-annotate", "--no-header", "--output-file", str(pins)]
        command += ["--upgrade"] if upgrade else []
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
            sys.exit(f"pin_versions: uv found no versions for Python {python}.0; see its output above")
        lines = [line for line in pins.read_text().splitlines() if "==" in line]
    pairs = (line.split("==") for line in lines)
    return {name: version for name, version in pairs if not name.startswith(PINNED_BY_TORCH)}


def read_pins() -> list[str]:
    """The pins of constraints.txt, without comments."""
    return [line for line in CONSTRAINTS.read_text().splitlines() if line and not line.startswith("#")]


def applies(line: str, python: str) -> bool:
    """Whether a pin's marker, as `merge` writes it, names this Python."""
    _, _, marker = line.partition(" ; ")
    return not marker or f'"{python}"' in marker


def merge(pins: dict[str, dict[str, str]]) -> str:
    """Python -> its pins, as one constraints file; a pin that not all of them share names its Pythons."""
    pythons_of: dict[tuple[str, str], list[str]] = {}
    for python, versions in pins.items():
        for pin in versions.items():
            pythons_of.setdefault(pin, []).append(python)
    lines = []
    for (name, version), pythons in sorted(pythons_of.items()):
        marker = " or ".join(f'python_version == "{python}"' for python in pythons)
        lines.append(f"{name}=={version}" + (f" ; {marker}" if len(pythons) < len(pins) else ""))
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
