"""Runs both halves of the tests, even if the first fails, and summarises the skipped tests by reason.

    python tools/run_tests.py [arguments for pytest]

Both run in two processes. Tests of a running ROS graph, the second half, have limits of time: those that fail
beside others run once more alone, and the summary names them.
"""

import collections
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build/log"
NO_TESTS = 5  # pytest's status where the arguments choose none
MOST_ALONE = 10  # more failures are no matter of time


class Half(NamedTuple):
    """Arguments and environment of pytest; whether tests that fail run once more alone."""

    arguments: list[str]
    environment: dict[str, str] = {}
    again_alone: bool = False


HALVES = {
    "model": Half(["-n", "2", "--ignore", "test/ros"], {"OMP_NUM_THREADS": "1"}),
    "graph": Half(["-n", "2", "--dist", "worksteal", "test/ros"], again_alone=True),
}


class Outcome(NamedTuple):
    """What one half gave: pytest's status, seconds, names of tests, and how often each reason to skip occurs.

    only_alone are those that passed, but not beside others.
    """

    status: int
    seconds: float
    passed: list[str]
    failed: list[str]
    skipped: collections.Counter[str]
    only_alone: list[str] = []

    def __str__(self) -> str:
        return f"{len(self.passed)} passed, {len(self.failed)} failed, {self.skipped.total()} skipped"


def main(arguments: list[str]) -> int:
    """Run, report; 0 where nothing failed and at least one test ran."""
    outcomes = {name: run_half(name, half, arguments) for name, half in HALVES.items()}
    print("")
    for name, outcome in outcomes.items():
        ending = "" if outcome.status in (0, 1, NO_TESTS) else f"; pytest ended with status {outcome.status}"
        print(f"{name:6} {outcome} in {outcome.seconds:.0f} s{ending}")
    if alone := [name for outcome in outcomes.values() for name in outcome.only_alone]:
        print("passed alone, but not beside others: " + ", ".join(alone))
    reasons = sum((outcome.skipped for outcome in outcomes.values()), collections.Counter())
    print("skipped: " + ("; ".join(f"{n} x {reason}" for reason, n in reasons.most_common()) or "none"))
    passed, failed = (sum(len(getattr(o, kind)) for o in outcomes.values()) for kind in ("passed", "failed"))
    print(f"tests: {passed} passed, {failed} failed, {reasons.total()} skipped")
    statuses = [outcome.status for outcome in outcomes.values()]
    return int(any(status not in (0, NO_TESTS) for status in statuses) or passed + reasons.total() == 0)


def run_half(name: str, half: Half, arguments: list[str]) -> Outcome:
    """Run the tests of one half, and if it is so declared those that fail once more alone."""
    cache = REPORTS / f"cache_{name}"
    shutil.rmtree(cache, ignore_errors=True)
    command = ["--timeout", "900", *half.arguments, *arguments, "-o", f"cache_dir={cache}"]
    first = run_pytest(name, command, half.environment)
    if first.status != 1 or not half.again_alone or not 0 < len(first.failed) <= MOST_ALONE:
        return first
    print(f"\nonce more, alone: {', '.join(first.failed)}", flush=True)
    second = run_pytest(f"{name}_alone", [*command, "-n", "0", "--last-failed"], half.environment)
    return Outcome(
        second.status,
        first.seconds + second.seconds,
        first.passed + second.passed,
        second.failed,
        first.skipped,
        only_alone=second.passed,
    )


def run_pytest(name: str, arguments: list[str], environment: dict[str, str]) -> Outcome:
    """Run pytest once, with its output as it is."""
    report = REPORTS / f"tests_{name}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", *arguments, f"--junit-xml={report}"]
    start = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode
    return read_report(report, status, time.monotonic() - start)


def read_report(report: Path, status: int, seconds: float) -> Outcome:
    """Read the names that a JUnit report of pytest holds; where pytest was killed, there are none."""
    cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    failed = [case for case in cases if any(case.find(kind) is not None for kind in ("failure", "error"))]
    skips = [skip for case in cases if (skip := case.find("skipped")) is not None]
    passed = [case for case in cases if case not in failed and case.find("skipped") is None]
    reasons = collections.Counter(_reason(skip) for skip in skips)
    return Outcome(status, seconds, list(_names(passed)), list(_names(failed)), reasons)


def _names(cases: list[ElementTree.Element]) -> Iterator[str]:
    for case in cases:
        yield f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"


def _reason(skip: ElementTree.Element) -> str:
    """Why a test was skipped; for a whole file pytest writes a tuple of path, line and reason."""
    message = skip.get("message", "")
    if message == "collection skipped":
        message = re.sub(r"^\(.*, \d+, ['\"](.*)['\"]\)$", r"\1", skip.text or "", flags=re.DOTALL)
    return message.removeprefix("Skipped: ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
