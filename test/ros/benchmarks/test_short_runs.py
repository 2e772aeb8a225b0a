"""Every benchmark of the node, as short as it may be: it measures and says whether it is within limits."""

import re
import subprocess
import sys

import pytest

SMALL = ["--width", "160", "--height", "120"]
NUMBER = r"[+-]?\d+(?:\.\d+)?"
MEASURED = {
    "latency": (["--seconds", "5"], rf"ROS path, median: ({NUMBER}) ms"),
    "depth": (
        ["--seconds", "5", "--rounds", "1"],
        rf"medians: ({NUMBER}) ms without depth, ({NUMBER}) ms with it",
    ),
    "cameras": (["--seconds", "5", "--cameras", "2"], rf"differ by ({NUMBER})%"),
    "web": (
        ["--seconds", "5", "--rounds", "1", "--frames", "100"],
        rf"without a page ({NUMBER}) Hz, with one ({NUMBER}) Hz",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MEASURED)
def test_a_short_run_measures_something(name):
    options, line = MEASURED[name]
    command = [sys.executable, "-m", "eovseg_ros.cli.program", "benchmark", name, *options, *SMALL]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, (
        done.stderr
    )  # this machine may be busy
    found = re.search(line, done.stdout)
    assert found and all(float(value) >= 0 for value in found.groups()), done.stdout + done.stderr
    assert "limit" in done.stdout or "within" in done.stdout
