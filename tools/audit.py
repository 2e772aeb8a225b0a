"""Looks for known vulnerabilities of the pinned packages (constraints.txt): `make audit`.

    python tools/audit.py                                      ask pypi.org, with pip-audit
    python tools/audit.py --advisories advisory-database       search a clone of
                                                               https://github.com/pypa/advisory-database

Exit status: 0 nothing known, 1 vulnerabilities found, 2 some or all packages could not be checked.
"""

import argparse
import json
import re
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build/audit"
PIP_AUDIT = "pip-audit==2.10.1"
# Every source lists vulnerabilities of this version; one that returns none for it does not work.
KNOWN_BAD = ("pillow", "9.0.0")
NOTHING, FOUND, UNCHECKED = 0, 1, 2


class Pin(NamedTuple):
    """A package in one version."""

    name: str
    version: str


class Finding(NamedTuple):
    """A known vulnerability of a pin, with the versions that fix it."""

    pin: Pin
    advisory: str
    fixed: tuple[str, ...]


class AuditError(Exception):
    """Raised if the source of advisories cannot be used; the message is one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the known vulnerabilities; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--constraints", type=Path, default=ROOT / "constraints.txt", metavar="FILE")
    parser.add_argument("--advisories", type=Path, metavar="FOLDER", help="clone of the advisory database")
    options = parser.parse_args(arguments)
    pins = read_pins(options.constraints.read_text(encoding="utf-8"))
    try:
        if options.advisories:
            findings, unchecked = search_folder(options.advisories, pins), []
        else:
            findings, unchecked = ask_pypi(pins)
    except AuditError as error:
        print(f"audit: nothing was checked: {error}", file=sys.stderr)
        return UNCHECKED
    for finding in findings:
        remedy = f"fixed in {', '.join(finding.fixed)}" if finding.fixed else "no fixed version known"
        print(f"{finding.pin.name} {finding.pin.version}: {finding.advisory}, {remedy}")
    print(f"audit: {len(pins) - len(unchecked)} of {len(pins)} pins checked, {len(findings)} vulnerabilities")
    if unchecked:
        names = ", ".join(sorted({pin.name for pin in unchecked}))
        print(f"audit: pypi.org has no record of {names}", file=sys.stderr)
    return FOUND if findings else UNCHECKED if unchecked else NOTHING


def read_pins(text: str) -> list[Pin]:
    """Every pin of a constraints file, whatever Python its marker names."""
    lines = (line.partition("#")[0].partition(";")[0].strip() for line in text.splitlines())
    pairs = (line.split("==") for line in lines if "==" in line)
    return sorted({Pin(canonicalize_name(name), version) for name, version in pairs})


def ask_pypi(pins: Sequence[Pin]) -> tuple[list[Finding], list[Pin]]:
    """Return the findings and the pins that pypi.org has no record of; AuditError if it has no advisories.

    pip-audit itself exits with 0 if every request failed.
    """
    if not (FOLDER / "bin/pip-audit").exists():
        venv.create(FOLDER, with_pip=True, clear=True)
        command = [str(FOLDER / "bin/pip"), "install", "--quiet", PIP_AUDIT]
        if subprocess.run(command).returncode:
            raise AuditError(f"{PIP_AUDIT} could not be installed; see pip's message above")
    known, _ = _run_pip_audit([Pin(*KNOWN_BAD)])
    if not known:
        raise AuditError(
            f"pypi.org returned no advisory for {' '.join(KNOWN_BAD)}, which has several; try again with an "
            "internet connection, or use a clone of https://github.com/pypa/advisory-database: "
            "make audit AUDIT_ARGS='--advisories FOLDER'"
        )
    return _run_pip_audit(pins)


def _run_pip_audit(pins: Sequence[Pin]) -> tuple[list[Finding], list[Pin]]:
    """Run pip-audit once per version of a name, because a requirements file may list a name only once."""
    files: list[dict[str, str]] = []
    for name, version in pins:
        free = next((file for file in files if name not in file), None)
        if free is None:
            files.append(free := {})
        free[name] = version
    command = [str(FOLDER / "bin/pip-audit"), "--no-deps", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off"]
    findings, unchecked = [], []
    for versions in files:
        path = FOLDER / "pins.txt"
        path.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()))
        done = subprocess.run([*command, "-r", str(path)], text=True, capture_output=True)
        try:
            answers = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            raise AuditError(f"pip-audit failed: {' '.join(done.stderr.split())[-300:]}") from None
        for answer in answers:
            pin = Pin(canonicalize_name(answer["name"]), versions[canonicalize_name(answer["name"])])
            if "skip_reason" in answer:
                unchecked.append(pin)
            findings += [Finding(pin, v["id"], tuple(v["fix_versions"])) for v in answer.get("vulns", ())]
    return findings, unchecked


def search_folder(folder: Path, pins: Sequence[Pin]) -> list[Finding]:
    """Search a clone of PyPA's advisory database. Raises AuditError if the folder is not one."""
    if not list(_findings(folder, Pin(*KNOWN_BAD))):
        raise AuditError(f"{folder} is not a clone of https://github.com/pypa/advisory-database")
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("vulns/*/*.yaml")]
    days = [match[1] for text in texts if (match := re.search(r'^modified: "?(\d{4}-\d\d-\d\d)', text, re.M))]
    print(f"audit: {len(texts)} advisories, the newest of {max(days, default='an unknown day')}")
    return [finding for pin in pins for finding in _findings(folder, pin)]


def _findings(folder: Path, pin: Pin) -> Iterator[Finding]:
    for path in sorted((folder / "vulns" / pin.name).glob("*.yaml")):
        advisory = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        affected = [a for a in advisory["affected"] if canonicalize_name(a["package"]["name"]) == pin.name]
        if "withdrawn" not in advisory and any(is_affected(pin.version, entry) for entry in affected):
            events = [event for entry in affected for r in _ranges(entry) for event in r]
            fixed = tuple(str(event["fixed"]) for event in events if "fixed" in event)
            yield Finding(pin, advisory["id"], fixed)


def _ranges(entry: Mapping[str, Any]) -> list[list[dict[str, str]]]:
    return [r["events"] for r in entry.get("ranges", ()) if r["type"] == "ECOSYSTEM"]


def is_affected(version: str, entry: Mapping[str, Any]) -> bool:
    """Whether an `affected` entry of an advisory in OSV's format lists a version or has a range with it."""
    wanted = Version(version)
    for events in _ranges(entry):
        inside = False
        for kind, text in sorted(
            ((kind, str(text)) for event in events for kind, text in event.items()),
            key=lambda event: Version(event[1]),
        ):
            bound = Version(text)
            if kind == "introduced" and wanted >= bound:
                inside = True
            if (kind == "fixed" and wanted >= bound) or (kind == "last_affected" and wanted > bound):
                inside = False
        if inside:
            return True
    return version in map(str, entry.get("versions", ()))


if __name__ == "__main__":
    sys.exit(main())
