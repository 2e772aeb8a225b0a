"""The simulated camera where PyBullet cannot be imported, as on Python 3.12."""

import subprocess
import sys

WITHOUT = """
import sys
sys.modules["pybullet"] = None
from eovseg_ros.simulation.sim_camera import main
main()
"""


def test_one_line_says_what_is_missing_and_what_needs_it_not():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "rendering scenes needs PyBullet: pip install pybullet" in line and "recorded_camera" in line
