"""The demo's camera: simulated, or recorded if PyBullet is not available."""

import subprocess
import sys
from importlib.util import find_spec
from typing import NamedTuple


class DemoCamera(NamedTuple):
    """A camera node to start."""

    module: str
    parameters: dict[str, object]
    title: str  # a line for the user: which camera, and why


def choose_camera(wanted: str, *, rate: float, seed: int) -> DemoCamera:
    """Choose a camera for "auto", "sim" or "recorded". Raises ValueError if "sim" is not available.

    Args:
        rate: Frames per second.
        seed: Seed of the first simulated scene.
    """
    missing = "" if wanted == "recorded" else why_no_pybullet()
    if wanted == "sim" and missing:
        raise ValueError(f"--camera sim is not available: {missing}; use --camera recorded")
    if missing:
        return _recorded(rate, f"{missing}: playing a recorded camera")
    if wanted == "recorded":
        return _recorded(rate, "playing a recorded camera, as requested")
    parameters: dict[str, object] = {"rate": rate, "seed": seed, "kept_out": True, "scene_period": 8.0}
    title = "rendering a simulated camera with PyBullet"
    return DemoCamera("eovseg_ros.simulation.sim_camera", parameters, title)


def why_no_pybullet() -> str:
    """Return why PyBullet cannot be imported; empty if it can."""
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
