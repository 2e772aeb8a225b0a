"""Plant small faults in chosen files, one at a time, and print those that no test notices: `make mutants`.

The faults are cosmic-ray's, in a copy of the working tree below build/mutants. A survivor is a missing test,
or a change that makes no difference.
"""

import argparse
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mutant_sample import keep_sample
from mutant_targets import TARGETS
from pytest_server import LOST, TIMED_OUT

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build/mutants"
TREE = FOLDER / "tree"
SOCKET = FOLDER / "tests.socket"
LOG = FOLDER / "tests.log"
COSMIC_RAY = "cosmic-ray==8.7.0"
SERVER = ROOT / "tools/pytest_server.py"
# What the tests import of others: each fork of the test server imports the code under test.
LARGE_PACKAGES = (
    "cv2",
    "hotcoco",
    "hypothesis",
    "numpy",
    "open_clip",
    "PIL.Image",
    "pycocotools.cocoeval",
    "rclpy.node",
    "sensor_msgs.msg",
    "timm",
    "torch.export",
    "torchvision",
)
# Seconds for the tests of a fault: this often what they take without one, so that a load of the machine is
# no time-out, and at least this many.
TIMES, LEAST_SECONDS = 10, 20.0


class Result(NamedTuple):
    """Faults of one file: the noticed ones, those among them that timed out, and the diffs of the rest."""

    noticed: int
    timed_out: int
    survivors: list[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the share of noticed faults by file and every survivor.

    Returns 1 if the share is below --least, or if tests fail without a fault.
    """
    options = _parse(arguments)
    files = [file for file in TARGETS if options.only in file]
    programs = _cosmic_ray()
    deadline = time.monotonic() + 60 * options.minutes
    noticed = planted = 0
    skipped = False
    _copy_tree()
    with _test_server():
        for i, file in enumerate(files):
            seconds = (deadline - time.monotonic()) / (len(files) - i)
            result = _plant(programs, file, options, seconds)
            if result is None:
                skipped = True
                continue
            among = result.noticed + len(result.survivors)
            noticed, planted = noticed + result.noticed, planted + among
            by_timeout = f", {result.timed_out} of them by a time-out" if result.timed_out else ""
            print(f"{file}: {result.noticed} of {among} noticed{by_timeout}", flush=True)
            for diff in result.survivors:
                print("\n".join("    " + line for line in diff.splitlines()[2:]), flush=True)
    share = noticed / planted if planted else 0.0
    print(f"{noticed} of {planted} faults noticed: {share:.1%} (seed {options.seed})")
    return int(share < options.least or skipped)


def _plant(programs: Path, file: str, options: argparse.Namespace, seconds: float) -> Result | None:
    """Return None if the tests fail without a fault."""
    started = time.monotonic()
    if subprocess.run(_test_command(file, 600)).returncode:
        print(f"{file}: skipped, {TARGETS[file]} fails without a fault; {LOG} has its output", flush=True)
        return None
    limit = max(LEAST_SECONDS, TIMES * (time.monotonic() - started))
    session, config = FOLDER / f"{Path(file).stem}.sqlite", FOLDER / f"{Path(file).stem}.toml"
    session.unlink(missing_ok=True)
    config.write_text(
        f"""[cosmic-ray]
module-path = ["{file}"]
timeout = {2 * limit + 60}
excluded-modules = []
test-command = "{" ".join(_test_command(file, limit))}"
[cosmic-ray.distributor]
name = "local"
""",
        encoding="utf-8",
    )
    subprocess.run([programs / "cosmic-ray", "init", config, session], cwd=TREE, check=True)
    keep_sample(session, (TREE / file).read_text("utf-8"), options.per_file, options.seed)
    try:
        subprocess.run(
            [programs / "cosmic-ray", "exec", config, session], cwd=TREE, check=True, timeout=max(seconds, 1)
        )
    except subprocess.TimeoutExpired:
        print("  time limit reached; --minutes sets a longer one", flush=True)
        _copy_tree()  # the fault in hand is still in the file
    with sqlite3.connect(session) as database:
        results = database.execute("SELECT test_outcome, output, diff FROM work_results").fetchall()
    words = [output.strip() for _, output, _ in results]
    if lost := words.count(LOST):
        print(f"  the tests of {lost} faults were killed, for example for memory: not counted", flush=True)
    survivors = [diff for outcome, _, diff in results if outcome.lower().endswith("survived")]
    return Result(len(results) - lost - len(survivors), words.count(TIMED_OUT), survivors)


def _cosmic_ray() -> Path:
    """Return the folder of cosmic-ray's programs, installed where it is not there yet."""
    venv = FOLDER / "venv"
    if not (venv / "bin/cosmic-ray").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "--quiet", COSMIC_RAY], check=True)
    return venv / "bin"


def _copy_tree() -> None:
    """Copy what git knows or would add: faults are planted in the copy, never in the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    TREE.mkdir(parents=True, exist_ok=True)
    for old in TREE.iterdir():  # the server of the tests runs in the folder itself
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
    links = TREE / "build/python"
    links.mkdir(parents=True)
    (links / "eovseg_model").symlink_to(TREE / "model")


@contextlib.contextmanager
def _test_server() -> Iterator[None]:
    SOCKET.unlink(missing_ok=True)
    with LOG.open("wb") as log:
        command = [sys.executable, SERVER, "serve", SOCKET, *LARGE_PACKAGES]
        server = subprocess.Popen(command, cwd=TREE, env=_environment(), stdout=log, stderr=log)
        try:
            while not SOCKET.exists():
                if server.poll() is not None:
                    raise SystemExit(f"{SERVER} ended: {LOG} has its error")
                time.sleep(0.1)
            yield
        finally:
            server.terminate()
            server.wait()


def _environment() -> dict[str, str]:
    """Return the environment of build/env.sh with the copy in place of the working tree."""
    site = Path(sysconfig.get_paths()["purelib"])
    install = ROOT / "build/ros/install" / site.relative_to(ROOT / ".venv")
    return os.environ | {
        "PYTHONPATH": f"{TREE}:{TREE}/build/python:{install}",
        "PYTHONDONTWRITEBYTECODE": "1",  # stale where a fault changes a file within a tick of its stamp
        "OMP_NUM_THREADS": "1",
    }


def _test_command(file: str, limit: float) -> list[str]:
    return [sys.executable, "-S", str(SERVER), "run", str(SOCKET), f"{limit:.0f}", *TARGETS[file].split()]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--only", default="", help="files whose path contains this (default: all)")
    parser.add_argument("--per-file", type=int, default=20, help="faults for each file (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="seed for choosing faults (default: 0)")
    parser.add_argument("--minutes", type=float, default=60.0, help="time limit (default: 60)")
    parser.add_argument("--least", type=float, default=0.0, help="minimum share noticed (default: 0)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
