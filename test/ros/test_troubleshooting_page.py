"""Every heading of docs/troubleshooting.md is still a message of the code, and the page is found."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/troubleshooting.md").read_text()
SECTIONS = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
MESSAGES = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)


def texts(path):
    """The constant parts of all strings of a file; those of one f-string are apart."""
    if path.suffix != ".py":
        return [re.sub(r'"\s*\\\n\s*"', " ", path.read_text())]
    nodes = ast.walk(ast.parse(path.read_text()))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


FILES = [*ROOT.glob("eovseg_ros/**/*.py"), *ROOT.glob("model/**/*.py"), *ROOT.glob("launch/*.py")]
FILES += [*ROOT.glob("tools/*.py"), ROOT / "Makefile"]
TEXTS = {path: texts(path) for path in FILES}


def fragments(heading):
    """What stands between the values of a message."""
    return [part for part in heading.split("...") if re.search(r"\w", part)]


def sources(heading):
    """Files that have every fragment of a heading in their strings."""
    return [
        path
        for path, found in TEXTS.items()
        if all(any(part.strip() in text for text in found) for part in fragments(heading))
    ]


def test_the_page_has_many_messages():
    assert len(MESSAGES) >= 40 and len(set(MESSAGES)) == len(MESSAGES)


@pytest.mark.parametrize("heading", MESSAGES)
def test_a_heading_is_a_message_of_the_code(heading):
    assert fragments(heading), f"{heading!r} has no words"
    assert sources(heading), f"no file has the words of {heading!r}: write the message as it is now"


def test_words_that_no_code_has_are_found():
    assert not sources("the flux capacitor of ... is empty")


@pytest.mark.parametrize("link", re.findall(r"\]\(#([\w-]+)\)", PAGE))
def test_a_link_leads_to_a_section(link):
    assert link in [section.lower().replace(" ", "-") for section in SECTIONS]


def test_the_readme_leads_to_the_page():
    assert "docs/troubleshooting.md" in (ROOT / "README.md").read_text()
