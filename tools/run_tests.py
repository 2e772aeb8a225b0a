"""Runs both halves of the tests, even if the first fails, and summarises the skipped tests by reason.

    python tools/run_tests.py [arguments for pytest]

The tests of the model, the launch file and the package run in two processes. The tests of a running ROS
graph run in one, because they need the whole machine.
"""

import collections
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build/log"
HALVES = {
    "model": (["-n", "2", "--ignore", "test/ros"], {"OMP_NUM_THREADS": "1"}),
    "graph": (["test/ros"], {}),
}
NO_TESTS = 5  # pytest's status where the arguments choose none


class Outcome(NamedTuple):
    """What one half gave: pytest's status, seconds, counts, and how often each reason to skip was given."""

    status: int
    seconds: float
    passed: int
    failed: int
    skipped: collections.Counter[str]

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped.total()} skipped"


def main(arguments: list[str]) -> int:
    """Run, report; 0 where nothing failed and at least one test ran."""
    outcomes = {name: run_half(name, options, arguments) for name, options in HALVES.items()}
    print("")
    for name, outcome in outcomes.items():
        ending = "" if outcome.status in (0, 1, NO_TESTS) else f"; pytest ended with status {outcome.status}"
        print(f"{name:6} {outcome} in {outcome.seconds:.0f} s{ending}")
    reasons = sum((outcome.skipped for outcome in outcomes.values()), collections.Counter())
    print("skipped: " + ("; ".join(f"{n} x {reason}" for reason, n in reasons.most_common()) or "none"))
    passed, failed = (sum(getattr(o, kind) for o in outcomes.values()) for kind in ("passed", "failed"))
    print(f"tests: {passed} passed, {failed} failed, {reasons.total()} skipped")
    statuses = [outcome.status for outcome in outcomes.values()]
    return int(any(status not in (0, NO_TESTS) for status in statuses) or passed + reasons.total() == 0)


def run_half(name: str, options: tuple[list[str], dict[str, str]], arguments: list[str]) -> Outcome:
    """Run pytest once, with its output as it is."""
    report = REPORTS / f"tests_{name}.xml"
    report.unlink(missing_ok=True)
    choice, environment = options
    command = [sys.executable, "-m", "pytest", "--timeout", "900", *choice, f"--junit-xml={report}"]
    start = time.monotonic()
    status = subprocess.run([*command, *arguments], cwd=ROOT, env={**os.environ, **environment}).returncode
    return read_report(report, status, time.monotonic() - start)


def read_report(report: Path, status: int, seconds: float) -> Outcome:
    """Count what a JUnit report of pytest holds; none, where pytest was killed, is nothing counted."""
    cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    failed = sum(any(case.find(kind) is not None for kind in ("failure", "error")) for case in cases)
    skips = [skip for case in cases if (skip := case.find("skipped")) is not None]
    reasons = collections.Counter(_reason(skip) for skip in skips)
    return Outcome(status, seconds, len(cases) - failed - len(skips), failed, reasons)


def _reason(skip: ElementTree.Element) -> str:
    """Why a test was skipped; for a whole file pytest writes a tuple of path, line and reason."""
    message = skip.get("message", "")
    if message == "collection skipped":
        message = re.sub(r"^\(.*, \d+, ['\"](.*)['\"]\)$", r"\1", skip.text or "", flags=re.DOTALL)
    return message.removeprefix("Skipped: ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
