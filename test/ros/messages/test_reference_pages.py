"""Reference pages name every message field and parameter; the changelog, what changed since the release.

test/data/released_interface.json holds the fields and parameters of the last release: write it anew
(`python test/ros/messages/test_reference_pages.py`) when a version is released.
"""

import dataclasses
import json
import re
from pathlib import Path

from eovseg_ros.node.parameters import NodeParameters

ROOT = Path(__file__).parents[3]
RELEASED = ROOT / "test/data/released_interface.json"
TYPES = {bool: "bool", int: "int", float: "double", str: "string", tuple: "string array"}


def fields(kind: str = "msg") -> dict[str, str]:
    """Type by "Message.field" or "Service.Request.field", from the files; of a constant "type = value"."""
    found = {}
    for path in sorted((ROOT / kind).glob(f"*.{kind}")):
        part = ""
        for line in path.read_text().splitlines():
            part = "Response" if line == "---" else part or "Request"
            owner = path.stem if kind == "msg" else f"{path.stem}.{part}"
            pattern = r"(?P<type>[\w/\[\]]+)\s+(?P<name>\w+)(?P<value>\s*=\s*\w+)?"
            if match := re.match(pattern, line.partition("#")[0]):
                found[f"{owner}.{match['name']}"] = match["type"] + (match["value"] or "")
    return found


def parameters() -> dict[str, str]:
    """Name -> the row of its page: type, default, range, live."""
    rows = {}
    for field in dataclasses.fields(NodeParameters):
        spec, default = field.metadata["spec"], field.default
        if spec.choices:
            values = "one of " + ", ".join(f"`{choice}`" for choice in spec.choices)
        else:
            values = spec.range_text or "any"
        shown = json.dumps(list(default) if isinstance(default, tuple) else default)
        rows[field.name] = (
            f"| {TYPES[type(default)]} | `{shown}` | {values} | {'yes' if spec.live else 'no'} |"
        )
    return rows


def sections(page: str) -> dict[str, str]:
    """Heading -> text of the second-level sections of a page below docs/."""
    parts = re.split(r"^## (.+)$", (ROOT / "docs" / page).read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_field_of_a_message_is_on_its_page():
    pages = sections("messages.md")
    assert pages.keys() == {name.partition(".")[0] for name in fields()}
    for name, kind in fields().items():
        message, _, field = name.partition(".")
        shown = kind.partition(" = ")[2] or f"`{kind}`"
        assert f"| `{field}` | {shown} |" in pages[message]
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/messages.md").read_text(), re.MULTILINE)
    assert len(rows) == len(fields())  # and none that is no longer there


def test_every_field_of_a_service_is_on_its_page():
    pages, services = sections("services.md"), fields("srv")
    own = pages.keys() - {"Enable"}  # that one has a type of std_srvs
    assert own == {name.partition(".")[0] for name in services}
    for service in own:
        parts = dict(zip(("Request", "Response"), pages[service].split("\nResponse:\n"), strict=True))
        for part, text in parts.items():
            owner = f"{service}.{part}."
            expected = [(n.removeprefix(owner), k) for n, k in services.items() if n.startswith(owner)]
            assert re.findall(r"^\| `(\w+)` \| `(.+?)` \|", text, re.MULTILINE) == expected
    for page in pages.values():
        assert re.search(r"```\nros2 service call .*\neovseg-ros .*\n```", page)


def test_every_parameter_is_on_its_page_with_an_example():
    pages = sections("parameters.md")
    assert list(pages) == list(parameters())
    for name, row in parameters().items():
        assert row in pages[name]
        assert re.search(rf"```\nros2 .*\b{name}\b.*\n```", pages[name])


def test_what_changed_since_the_release_is_in_the_changelog():
    """Field by field; a message that is new is named as a whole."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    unreleased = re.search(r"^## Unreleased$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    released, now = json.loads(RELEASED.read_text()), interface()
    changed = {name for name in released.keys() | now.keys() if released.get(name) != now.get(name)}
    known = {name.partition(".")[0] for name in released}
    named = {name if name.partition(".")[0] in known else name.partition(".")[0] for name in changed}
    assert {name for name in named if f"`{name}`" not in unreleased[1]} == set()


def interface() -> dict[str, str]:
    return {**fields(), **fields("srv"), **parameters()}


if __name__ == "__main__":
    RELEASED.write_text(json.dumps(interface(), indent=1) + "\n")
