"""Camera poses: random ones for data sets, the path of a moving robot for the live camera."""

import math

import numpy as np

from ..rendering.camera import CameraPose
from .layout import Place
from .scene_config import SceneConfig

CLEARANCE = 0.55  # metres, minimum distance of the camera from the edge of an object
TRIES = 40


def random_view(
    rng: np.random.Generator, config: SceneConfig, things: list[Place], room: float
) -> CameraPose:
    """Draw a pose inside the room that looks at some of the objects and touches none.

    room is half the room's width in metres. If no pose is found, the start of the robot's path is returned.
    """
    best, most = robot_view(0.0, 0.0), -1
    for _ in range(TRIES if things else 0):
        pose = _candidate(rng, config, things)
        inside = max(abs(pose.position[0]), abs(pose.position[1])) < room - 0.2
        if not inside or not all(_clear(pose, thing) for thing in things):
            continue
        seen = sum(_in_view(pose, thing) for thing in things)
        if seen > most:
            best, most = pose, seen
        if seen >= min(3, len(things)):
            break
    return best


def robot_view(seconds: float, start: float) -> CameraPose:
    """Return the pose after `seconds` of a robot that circles the room from the angle `start` (radians)."""
    angle = start + 0.12 * seconds
    distance = 1.8 + 0.12 * math.sin(0.31 * seconds + start)
    height = 0.95 + 0.15 * math.sin(0.23 * seconds)
    aim = 0.2 * math.sin(0.17 * seconds)
    position = (distance * math.cos(angle), distance * math.sin(angle), height)
    return CameraPose(position, (-aim * math.sin(angle), aim * math.cos(angle), 0.22), 0.0, 52.0)


def _candidate(rng: np.random.Generator, config: SceneConfig, things: list[Place]) -> CameraPose:
    chosen = rng.choice(len(things), size=min(len(things), int(rng.integers(1, 4))), replace=False)
    target = np.mean([(things[i].x, things[i].y, things[i].z + things[i].radius) for i in chosen], axis=0)
    x, y, z = (target + rng.normal(0.0, 0.08, 3)).tolist()
    angle, distance = rng.uniform(0.0, 2 * math.pi), rng.uniform(*config.camera_distance)
    height = rng.uniform(*config.camera_height)
    position = (x + distance * math.cos(angle), y + distance * math.sin(angle), height)
    roll, field_of_view = rng.uniform(*config.camera_roll), rng.uniform(*config.field_of_view)
    return CameraPose(position, (x, y, z), roll, field_of_view)


def _clear(pose: CameraPose, thing: Place) -> bool:
    return math.hypot(pose.position[0] - thing.x, pose.position[1] - thing.y) > thing.radius + CLEARANCE


def _in_view(pose: CameraPose, thing: Place) -> bool:
    """Return whether the centre of an object is well inside a 4:3 image."""
    offset = np.subtract((thing.x, thing.y, thing.z + thing.radius), pose.position)
    x, y, z = pose.rotation().T @ offset
    half = math.tan(math.radians(pose.field_of_view) / 2)
    return z > 0 and abs(y) < 0.9 * half * z and abs(x) < 0.9 * half * 4 / 3 * z
