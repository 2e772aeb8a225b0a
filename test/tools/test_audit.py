"""`make audit` finds known vulnerabilities, and never takes a source that does not answer for good news."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADVISORY = """\
id: {id}
affected:
- package: {{name: {name}, ecosystem: PyPI}}
  ranges:
  - type: GIT
    events: [{{introduced: "0"}}, {{fixed: 767f6aa4}}]
  - type: ECOSYSTEM
    events: [{events}]
  versions: [{versions}]
modified: "{day}T00:00:00Z"
"""


@pytest.fixture(scope="module")
def audit():
    specification = importlib.util.spec_from_file_location("audit", ROOT / "tools/audit.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def database(tmp_path):
    """A folder of advisories to write into; the one that shows that it is a database is there."""

    def write(name, id, events="", versions="", day="2024-05-01", more=""):
        path = tmp_path / "database/vulns" / name / f"{id}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ADVISORY.format(id=id, name=name, events=events, versions=versions, day=day) + more)
        return tmp_path / "database"

    write("pillow", "PYSEC-1", '{introduced: "0"}, {fixed: "9.0.1"}')
    return write


def run(audit, tmp_path, pins, *options):
    file = tmp_path / "constraints.txt"
    file.write_text("# a comment\n" + "\n".join(pins) + "\n")
    return audit.main(["--constraints", str(file), *map(str, options)])


@pytest.mark.parametrize(
    ("version", "affected"),
    [("0.9", False), ("1.0", True), ("1.9.9", True), ("1.10", True), ("2.0rc1", True), ("2.0", False)]
    + [("3.0", False), ("4.0", True), ("4.5", True), ("4.5.1", False), ("7.7", True)],
)
def test_a_version_is_affected_within_a_range_or_by_name(audit, version, affected):
    entry = {
        "ranges": [
            {"type": "GIT", "events": [{"introduced": "0"}]},
            {"type": "ECOSYSTEM", "events": [{"fixed": "2.0"}, {"introduced": "1.0"}]},
            {"type": "ECOSYSTEM", "events": [{"introduced": "4.0"}, {"last_affected": "4.5"}]},
        ],
        "versions": ["7.7"],
    }
    assert audit.is_affected(version, entry) == affected


def test_a_known_vulnerability_is_printed_with_its_remedy(audit, database, tmp_path, capsys):
    database("some-lib", "PYSEC-2", '{introduced: "1.0"}, {fixed: "1.4"}')
    database("some-lib", "PYSEC-3", '{introduced: "1.0"}, {fixed: "1.2"}', day="2024-06-07")
    folder = database("other", "PYSEC-4", '{introduced: "0"}')
    pins = ['Some_Lib==1.3 ; python_version == "3.11"', 'some-lib==1.4 ; python_version == "3.12"', "fine==1"]
    assert run(audit, tmp_path, [*pins, "other==5"], "--advisories", folder) == 1
    assert capsys.readouterr().out.splitlines() == [
        "audit: 4 advisories, the newest of 2024-06-07",
        "other 5: PYSEC-4, no fixed version known",
        "some-lib 1.3: PYSEC-2, fixed in 1.4",
        "audit: 4 of 4 pins checked, 2 vulnerabilities",
    ]


def test_no_known_vulnerability_is_status_0(audit, database, tmp_path, capsys):
    folder = database("some-lib", "PYSEC-5", '{introduced: "0"}', more="withdrawn: 2024-01-01T00:00:00Z\n")
    assert run(audit, tmp_path, ["some-lib==1.3"], "--advisories", folder) == 0
    assert "audit: 1 of 1 pins checked, 0 vulnerabilities" in capsys.readouterr().out


def test_a_folder_that_is_no_database_is_status_2(audit, tmp_path, capsys):
    assert run(audit, tmp_path, ["some-lib==1.3"], "--advisories", tmp_path) == 2
    assert capsys.readouterr().err == (
        f"audit: nothing was checked: {tmp_path} is not a clone of https://github.com/pypa/advisory-database\n"
    )


@pytest.fixture
def pypi(audit, monkeypatch, tmp_path):
    """Let a stand-in for pip-audit answer from a dictionary: name -> its entry."""

    def answer_with(answers):
        program = tmp_path / "audit/bin/pip-audit"
        program.parent.mkdir(parents=True)
        program.write_text(
            f"#!{sys.executable}\nimport json, pathlib, sys\n"
            f"answers = json.loads({json.dumps(answers)!r})\n"
            "pins = [line.split('==') for line in pathlib.Path(sys.argv[-1]).read_text().split()]\n"
            "assert len({name for name, _ in pins}) == len(pins)\n"
            "unknown = {'skip_reason': 'not found'}\n"
            "entries = [{'name': n} | answers.get(f'{n}=={v}', unknown) for n, v in pins]\n"
            "print(json.dumps({'dependencies': entries}))\n"
        )
        program.chmod(0o755)
        monkeypatch.setattr(audit, "FOLDER", tmp_path / "audit")

    return answer_with


BAD = {"vulns": [{"id": "PYSEC-1", "fix_versions": ["9.0.1"]}]}
GOOD = {"vulns": []}


def test_pip_audit_is_asked_about_every_version_of_a_name(audit, pypi, tmp_path, capsys):
    pypi({"pillow==9.0.0": BAD, "lib==1": GOOD, "lib==2": BAD})
    pins = ['lib==1 ; python_version == "3.11"', 'lib==2 ; python_version == "3.12"']
    assert run(audit, tmp_path, pins) == 1
    assert capsys.readouterr().out.splitlines() == [
        "lib 2: PYSEC-1, fixed in 9.0.1",
        "audit: 2 of 2 pins checked, 1 vulnerabilities",
    ]


def test_a_package_that_pypi_does_not_know_is_status_2(audit, pypi, tmp_path, capsys):
    pypi({"pillow==9.0.0": BAD, "lib==1": GOOD})
    assert run(audit, tmp_path, ["lib==1", "unheard-of==1"]) == 2
    out, error = capsys.readouterr()
    assert out == "audit: 1 of 2 pins checked, 0 vulnerabilities\n"
    assert error == "audit: pypi.org has no record of unheard-of\n"


def test_a_service_that_knows_nothing_is_status_2_and_not_good_news(audit, pypi, tmp_path, capsys):
    pypi({})  # pip-audit ends with "No known vulnerabilities found" and 0
    assert run(audit, tmp_path, ["lib==1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("audit: nothing was checked: pypi.org returned no advisory for pillow 9.0.0")
