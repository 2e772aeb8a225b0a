"""A robot arm that lifts an object from above and puts it down elsewhere."""

import math
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from ..rendering.world import World
from .camera_path import smooth
from .movements import Placement

HAND = 6  # the last link
PALM = 0.05  # length from the last link's frame to the palm, of an arm of scale 1, in metres
LARGEST_ERROR = 0.006  # metres and radians, of a pose that counts as reached
DOWN = Rotation.from_euler("y", math.pi)
RESTING = (0.0, -0.35, 0.0, -1.75, 0.0, 1.0, 0.0)  # joint angles, radians
READY = (0.0, 0.6, 0.0, -1.4, 0.0, 1.1, 0.0)
# Seconds to: above the object, onto it, up with it, across, down, up without it, back.
DURATIONS = (0.9, 0.4, 0.5, 1.0, 0.5, 0.4, 0.8)
GRASP, RELEASE = sum(DURATIONS[:2]), sum(DURATIONS[:5])


class Arm:
    """The arm's body and where it stands."""

    def __init__(self, world: World, body: int, base: np.ndarray, scale: float, facing: float) -> None:
        self.base = base  # (3,) metres
        self._world = world
        self._body = body
        self._palm = np.array([0.0, 0.0, PALM * scale])
        self.resting = _towards(RESTING, facing)
        self.set(self.resting)

    def set(self, angles: np.ndarray) -> None:
        """Set the joints to angles (7,)."""
        self._world.set_joints(self._body, angles)

    def palm(self, angles: np.ndarray) -> Placement:
        """Return the palm's position and rotation at angles (7,)."""
        self.set(angles)
        position, turn = self._world.link_pose(self._body, HAND)
        return Placement(position + turn.apply(self._palm), turn)

    def angles_at(self, palm: np.ndarray) -> np.ndarray | None:
        """Return joint angles (7,) with the palm at a point (3,), facing down; None if out of reach."""
        yaw = math.atan2(*(palm - self.base)[1::-1])
        turn = Rotation.from_euler("z", yaw) * DOWN
        start = _towards(READY, yaw)
        self.set(start)
        angles = start
        for _ in range(3):  # each search starts where the last one ended
            angles = self._world.reach(self._body, HAND, palm - turn.apply(self._palm), turn)
            reached = self.palm(angles)
        far = np.linalg.norm(reached.centre - palm) > LARGEST_ERROR
        tilted = (reached.turn * turn.inv()).magnitude() > 5 * LARGEST_ERROR
        return None if far or tilted or np.abs(angles - start).max() > 2.0 else angles


class Carry(NamedTuple):
    """Lift an object and put it down: joint angles (8, 7) at the ends of the parts of the movement."""

    start: float
    end: float
    arm: Arm
    angles: np.ndarray

    def placement(self, before: Placement, seconds: float) -> Placement:
        """Return the object's placement at a time."""
        since = seconds - self.start
        if since <= GRASP:
            return before
        grasp, now = self._palm(GRASP), self._palm(min(since, RELEASE))
        turn = now.turn * grasp.turn.inv()
        return Placement(now.centre + turn.apply(before.centre - grasp.centre), turn * before.turn)

    def joints(self, seconds: float) -> np.ndarray:
        """Return the joint angles (7,) at a time."""
        return self._joints(seconds - self.start)

    def _joints(self, since: float) -> np.ndarray:
        ends = [0.0, *accumulate(DURATIONS)]
        part = min(max(bisect_right(ends, since) - 1, 0), len(DURATIONS) - 1)
        share = smooth((since - ends[part]) / DURATIONS[part])
        return (1 - share) * self.angles[part] + share * self.angles[part + 1]

    def _palm(self, since: float) -> Placement:
        return self.arm.palm(self._joints(since))


def carry(arm: Arm, start: float, top: np.ndarray, shift: np.ndarray, lift: float) -> Carry | None:
    """Return the movement of an object with the given top (3,) by a horizontal shift (3,), in metres.

    None if the arm does not reach that far.
    """
    up = np.array([0.0, 0.0, lift])
    points = (top + up, top, top + up, top + shift + up, top + shift, top + shift + up)
    angles = [arm.angles_at(point) for point in points]
    if any(each is None for each in angles):
        return None
    whole = np.stack([arm.resting, *(each for each in angles if each is not None), arm.resting])
    return Carry(start, start + sum(DURATIONS), arm, whole)


def _towards(angles: tuple[float, ...], yaw: float) -> np.ndarray:
    return np.array([yaw, *angles[1:]])
