"""docs/viewers.md has the options and entities of `eovseg-ros rerun`."""

import argparse
import re
from pathlib import Path

from eovseg_ros.cli.commands.rerun import add_rerun
from eovseg_ros.viewer.paths import LOG, Paths

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/viewers.md").read_text()


def test_the_options_and_their_defaults_are_on_the_page():
    parser = argparse.ArgumentParser()
    add_rerun(parser.add_subparsers())
    (command,) = parser._subparsers._group_actions[0].choices.values()
    defined = {a.option_strings[-1]: a.default for a in command._actions if a.dest != "help"}
    rows = dict(re.findall(r"^\| `(--[\w-]+)[^|]*\| ([^|]*?) ?\|", PAGE, re.MULTILINE))
    assert rows.keys() == defined.keys()
    assert rows["--memory-limit"] == f"`{defined['--memory-limit']}`"


def test_the_entities_are_on_the_page():
    entities = set(vars(Paths("front")).values()) - {"front"}
    for entity in entities:
        assert f"`{entity.removeprefix('front/')}`" in PAGE
    assert f"`{LOG}` has" in PAGE


def test_files_that_the_page_links_to_exist():
    targets = re.findall(r"\]\(([^)#]+)", PAGE)
    assert "images/viewer_rerun.png" in targets
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []
