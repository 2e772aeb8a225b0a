"""Which camera the demo has: the simulated one, or a recording of it where PyBullet is missing."""

import subprocess
import sys
from importlib.util import find_spec
from typing import NamedTuple


class DemoCamera(NamedTuple):
    """A camera node."""

    module: str
    parameters: dict[str, object]
    title: str  # a line for the user: which one, and why


def choose_camera(wanted: str, *, rate: float, seed: int) -> DemoCamera:
    """Choose for "auto", "sim" or "recorded"; ValueError where "sim" cannot be had.

    Args:
        rate: frames a second.
        seed: of the simulation's first scene.
    """
    missing = "" if wanted == "recorded" else why_no_pybullet()
    if wanted == "sim" and missing:
        raise ValueError(f"--camera sim: {missing}; --camera recorded needs none")
    if missing:
        return _recorded(rate, f"{missing}: playing a recorded camera")
    if wanted == "recorded":
        return _recorded(rate, "playing a recorded camera, as asked for")
    parameters: dict[str, object] = {"rate": rate, "seed": seed, "kept_out": True, "scene_period": 8.0}
    title = "rendering a simulated camera by PyBullet"
    return DemoCamera("eovseg_ros.simulation.sim_camera", parameters, title)


def why_no_pybullet() -> str:
    """Say why PyBullet cannot be imported here; empty where it can."""
    if find_spec("pybullet") is None:
        major, minor = sys.version_info[:2]
        if (major, minor) > (3, 11):
            return f"PyBullet has no wheel for Python {major}.{minor}"
        return "PyBullet is not installed"
    command = [sys.executable, "-c", "import pybullet"]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode == 0:
        return ""
    lines = process.stderr.strip().splitlines() or [f"status {process.returncode}"]
    return f"PyBullet cannot be imported ({lines[-1]})"


def _recorded(rate: float, title: str) -> DemoCamera:
    return DemoCamera("eovseg_ros.simulation.recorded_camera", {"rate": rate}, title)
