"""Plant small faults in chosen files, one at a time, and print those that no test notices: `make mutants`.

The faults are cosmic-ray's, in a copy of the working tree below build/mutants. A survivor is a missing test,
or a change that makes no difference.
"""

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build/mutants"
TREE = FOLDER / "tree"
COSMIC_RAY = "cosmic-ray==8.7.0"
TIMEOUT = 30  # seconds for the tests of one mutant

# File -> the tests that should notice a fault in it: seconds in all, as they run once for each fault.
TARGETS = {
    "model/training/objective/matcher.py": "test/model/training/test_losses.py",
    "model/training/objective/losses.py": "test/model/training/test_losses.py",
    "model/vocabulary/class_entry.py": "test/model/vocabulary",
    "model/vocabulary/vocabulary.py": "test/model/vocabulary",
    "model/vocabulary/files.py": "test/model/vocabulary",
    "model/inference/mask_sizes.py": "test/model/inference/test_panoptic.py",
    "model/inference/panoptic.py": "test/model/inference/test_panoptic.py",
    "model/inference/regions.py": "test/model/inference/test_regions.py",
    "model/evaluation/metrics/panoptic_quality.py": "test/model/evaluation/test_panoptic_quality.py",
    "model/backends/engines/engine_cache.py": "test/model/backends/test_engine_cache.py",
    "eovseg_ros/node/mailbox.py": "test/ros/node/test_mailbox.py",
    "eovseg_ros/node/threads/publishing_order.py": "test/ros/node/test_publishing_order.py",
    "eovseg_ros/node/live_vocabulary.py": "test/ros/node/test_live_vocabulary.py",
    "eovseg_ros/node/frame_statistics.py": "test/ros/node/test_frame_statistics.py",
    "eovseg_ros/node/parameters.py": "test/ros/node/test_parameters.py",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the share of noticed faults by file and every survivor; 1 where the share is below --least."""
    options = _parse(arguments)
    files = [file for file in TARGETS if not options.only or options.only in file]
    programs = _cosmic_ray()
    _copy_tree()
    deadline = time.monotonic() + 60 * options.minutes
    noticed = planted = 0
    for i, file in enumerate(files):
        session = FOLDER / f"{Path(file).stem}.sqlite"
        session.unlink(missing_ok=True)
        config = _write_config(file)
        seconds = (deadline - time.monotonic()) / (len(files) - i)
        subprocess.run([programs / "cosmic-ray", "init", config, session], cwd=TREE, check=True)
        _sample(session, options.per_file, options.seed)
        killed, survivors = _execute(programs, config, session, seconds)
        noticed += killed
        planted += killed + len(survivors)
        print(f"{file}: {killed} of {killed + len(survivors)} noticed", flush=True)
        for diff in survivors:
            print("\n".join("    " + line for line in diff.splitlines()[2:]), flush=True)
    share = noticed / planted if planted else 0.0
    print(f"{noticed} of {planted} faults noticed: {share:.0%}")
    return int(share < options.least)


def _cosmic_ray() -> Path:
    """Return the folder of cosmic-ray's programs, installed where it is not there yet."""
    venv = FOLDER / "venv"
    if not (venv / "bin/cosmic-ray").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "--quiet", COSMIC_RAY], check=True)
    return venv / "bin"


def _copy_tree() -> None:
    """Copy what git knows or would add: faults are planted in the copy, never in the working tree."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
    links = TREE / "build/python"
    links.mkdir(parents=True)
    (links / "eovseg_model").symlink_to(TREE / "model")


def _write_config(file: str) -> Path:
    config = FOLDER / f"{Path(file).stem}.toml"
    config.write_text(
        f"""[cosmic-ray]
module-path = ["{file}"]
timeout = {TIMEOUT}.0
excluded-modules = []
test-command = "{sys.executable} -m pytest -q -x -p no:cacheprovider {TARGETS[file]}"
[cosmic-ray.distributor]
name = "local"
""",
        encoding="utf-8",
    )
    return config


def _sample(session: Path, most: int, seed: int) -> None:
    """Keep one fault at each of `most` random places of the file."""
    query = """SELECT start_pos_row, start_pos_col, operator_name, occurrence, job_id FROM mutation_specs
        WHERE operator_name NOT LIKE '%BinaryOperator_BitOr_%' ORDER BY 1, 2, 3, 4"""  # not X | None of types
    draw = random.Random(seed)
    with sqlite3.connect(session) as database:
        places: dict[tuple[int, int], list[str]] = {}
        for row, column, _, _, job in database.execute(query):
            places.setdefault((row, column), []).append(job)
        jobs = [draw.choice(faults) for faults in places.values()]
        kept = draw.sample(jobs, min(most, len(jobs)))
        marks = ", ".join("?" * len(kept))
        for table in ("mutation_specs", "work_items"):
            database.execute(f"DELETE FROM {table} WHERE job_id NOT IN ({marks})", kept)


def _execute(programs: Path, config: Path, session: Path, seconds: float) -> tuple[int, list[str]]:
    """Run the tests for each fault, as many as there is time for; the noticed ones, and diffs of the rest."""
    environment = _environment()
    subprocess.run(
        [programs / "cosmic-ray", "--verbosity=WARNING", "baseline", config],
        cwd=TREE,
        env=environment,
        check=True,
    )
    try:
        subprocess.run(
            [programs / "cosmic-ray", "exec", config, session],
            cwd=TREE,
            env=environment,
            check=True,
            timeout=max(seconds, 1),
        )
    except subprocess.TimeoutExpired:
        print("  time limit reached; --minutes sets a longer one", flush=True)
        _copy_tree()  # the fault in hand is still in the file
    with sqlite3.connect(session) as database:
        results = database.execute("SELECT test_outcome, diff FROM work_results").fetchall()
    survivors = [diff for outcome, diff in results if outcome.lower().endswith("survived")]
    return len(results) - len(survivors), survivors


def _environment() -> dict[str, str]:
    """Return the environment of build/env.sh with the copy in place of the working tree."""
    site = Path(sysconfig.get_paths()["purelib"])
    install = ROOT / "build/ros/install" / site.relative_to(ROOT / ".venv")
    return os.environ | {
        "PYTHONPATH": f"{TREE}:{TREE}/build/python:{install}",
        "PYTHONDONTWRITEBYTECODE": "1",  # stale where a fault changes a file within a tick of its stamp
        "OMP_NUM_THREADS": "1",
    }


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
