"""Plant small faults in chosen files, one at a time, and print those that no test notices: `make mutants`.

The faults are cosmic-ray's, in a copy of the working tree below build/mutants. A survivor is a missing test,
or a change that makes no difference.
"""

import argparse
import ast
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mutant_targets import TARGETS
from test_server import LOST, TIMED_OUT

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build/mutants"
TREE = FOLDER / "tree"
SOCKET = FOLDER / "tests.socket"
LOG = FOLDER / "tests.log"
COSMIC_RAY = "cosmic-ray==8.7.0"
SERVER = ROOT / "tools/test_server.py"
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
# Operators that change nothing: equal small numbers are identical in CPython, and so is what `is` compares.
ALIKE = ("_Eq_Is", "_NotEq_IsNot", "_Is_Eq", "_IsNot_NotEq")
# Seconds for the tests of a fault: this often what they take without one, so that a load of the machine is
# no time-out, and at least this many.
TIMES, LEAST_SECONDS = 10, 20.0


class Result(NamedTuple):
    """Faults of one file: the noticed ones, those among them that timed out, and the diffs of the rest."""

    noticed: int
    timed_out: int
    survivors: list[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the share of noticed faults by file and every survivor; 1 where the share is below --least."""
    options = _parse(arguments)
    files = [file for file in TARGETS if options.only in file]
    programs = _cosmic_ray()
    deadline = time.monotonic() + 60 * options.minutes
    noticed = planted = 0
    _copy_tree()
    with _test_server():
        for i, file in enumerate(files):
            seconds = (deadline - time.monotonic()) / (len(files) - i)
            result = _plant(programs, file, options, seconds)
            among = result.noticed + len(result.survivors)
            noticed, planted = noticed + result.noticed, planted + among
            by_timeout = f", {result.timed_out} of them by a time-out" if result.timed_out else ""
            print(f"{file}: {result.noticed} of {among} noticed{by_timeout}", flush=True)
            for diff in result.survivors:
                print("\n".join("    " + line for line in diff.splitlines()[2:]), flush=True)
    share = noticed / planted if planted else 0.0
    print(f"{noticed} of {planted} faults noticed: {share:.1%} (seed {options.seed})")
    return int(share < options.least)


def _plant(programs: Path, file: str, options: argparse.Namespace, seconds: float) -> Result:
    session, config = FOLDER / f"{Path(file).stem}.sqlite", FOLDER / f"{Path(file).stem}.toml"
    session.unlink(missing_ok=True)
    limit = max(LEAST_SECONDS, TIMES * _seconds_without_a_fault(file))
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
    _sample(session, inert_places((TREE / file).read_text("utf-8")), options.per_file, options.seed)
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


def _seconds_without_a_fault(file: str) -> float:
    started = time.monotonic()
    if subprocess.run(_test_command(file, 600)).returncode:
        raise SystemExit(f"{TARGETS[file]}: fails or is killed without a fault; {LOG} has its output")
    return time.monotonic() - started


def inert_places(source: str) -> list[tuple[int, int, int, int]]:
    """Return the places (row, column, end row, end column) where a fault makes no difference to a program.

    These are annotations, and what guards against mistakes of programmers: the options of @dataclass, and
    `strict` of zip.
    """
    parts: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign | ast.arg):
            parts.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parts.append(node.returns)
        elif isinstance(node, ast.ClassDef):
            parts += [call for call in node.decorator_list if isinstance(call, ast.Call)]
        elif isinstance(node, ast.keyword) and node.arg == "strict":
            parts.append(node.value)
    return [
        (part.lineno, part.col_offset, part.end_lineno or 0, part.end_col_offset or 0)
        for part in parts
        if part
    ]


def _sample(session: Path, inert: list[tuple[int, int, int, int]], most: int, seed: int) -> None:
    """Keep one fault at each of `most` random places of the file."""
    query = """SELECT start_pos_row, start_pos_col, operator_name, occurrence, job_id FROM mutation_specs
        ORDER BY 1, 2, 3, 4"""
    draw = random.Random(seed)
    with sqlite3.connect(session) as database:
        places: dict[tuple[int, int], list[str]] = {}
        for row, column, operator, _, job in database.execute(query):
            place = (row, column)
            if not operator.endswith(ALIKE) and not any(part[:2] <= place < part[2:] for part in inert):
                places.setdefault(place, []).append(job)
        jobs = [draw.choice(faults) for faults in places.values()]
        kept = draw.sample(jobs, min(most, len(jobs)))
        marks = ", ".join("?" * len(kept))
        for table in ("mutation_specs", "work_items"):
            database.execute(f"DELETE FROM {table} WHERE job_id NOT IN ({marks})", kept)


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
