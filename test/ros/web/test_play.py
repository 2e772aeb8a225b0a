"""`eovseg-ros play`: camera, node and page in one command."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from browser_page import ROOT, SHOTS, Page
from PIL import Image

from eovseg_ros.processes import ChildProcess


def get(url):
    """The body of an answer; empty as long as there is none."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read()
    except urllib.error.URLError:
        return b""


@pytest.fixture(scope="module")
def play(tmp_path_factory):
    """The running command and the folder with all its files."""
    folder = tmp_path_factory.mktemp("play")
    command = ("play", "--port", "0", "--output", str(folder / "logs"))
    with ChildProcess("eovseg_ros.cli.program", folder / "play.log", arguments=command) as process:
        process.wait_for_log("Ctrl-C", 60)
        yield process, folder


@pytest.fixture(scope="module")
def url(play):
    return re.search(r"http://\S+", play[0].log)[0]


def test_it_shows_a_segmented_camera(play, url):
    deadline = time.monotonic() + 60
    while not get(f"{url}frame?camera=&kind=overlay").startswith(b"\xff\xd8"):
        play[0].check_running()
        assert time.monotonic() < deadline, play[0].log
    found = {"pending": True}
    while "pending" in found and time.monotonic() < deadline:
        found = json.loads(get(f"{url}segment?camera=&x=0.5&y=0.9") or '{"pending": true}')
    assert found["title"]


def test_the_page_with_the_model(url, browser):
    """Set EOVSEG_SCREENSHOT to replace the picture of docs/console.md."""
    browser.set_window_size(1400, 1420)
    page = Page(browser, url)
    page.wait_for(".state", "active", 60)
    page.wait_for_frames(30, 60)
    page.wait_for(".segments .name", "floor")
    page.wait_for(".facts .backend", "torch fp32")
    page.save("console")
    if "EOVSEG_SCREENSHOT" in os.environ:
        picture = Image.open(SHOTS / "console.png").convert("RGB")
        # A third of the size.
        picture.quantize(256).save(ROOT / "docs/images/console.png", optimize=True)


def test_ctrl_c_ends_all_processes(play):
    process, folder = play
    process.interrupt()
    assert process.wait(20) == 0
    assert "Traceback" not in process.log
    left = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True).stdout.split()
    assert left == []


def test_what_the_page_refuses_ends_it(tmp_path):
    command = [sys.executable, "-m", "eovseg_ros.cli.program", "play", "--output", str(tmp_path)]
    process = subprocess.run([*command, "--host", "0.0.0.0"], capture_output=True, text=True, timeout=60)
    assert process.returncode == 1 and "--token" in process.stderr
