"""Smooth path of a camera that circles the objects, looks around and glances away."""

import math
from dataclasses import dataclass

import numpy as np

from ..rendering.camera import CameraPose
from ..scenes.scene_config import SceneConfig

GLANCE_SHARE = 0.4  # of the sequences
TURNING, AWAY = 1.2, 0.5  # seconds of a turn, and between the turn away and the turn back


@dataclass(frozen=True, kw_only=True)
class CameraPath:
    """Poses by time: lengths in metres, angles in radians, times in seconds.

    The path does not depend on how often it is sampled.
    """

    start: float  # angle on the circle
    speed: float  # angle per second, negative for clockwise
    distance: float  # mean, from the room's centre
    height: float  # mean
    sway: float  # of distance and height
    sway_period: float
    aim: float  # height of the point at the room's centre to which the camera turns
    pan: float  # to either side
    pan_period: float
    phase: float
    roll: float  # degrees
    field_of_view: float  # degrees
    glance: float  # angle of a look away, 0 for none
    glance_period: float
    first_glance: float

    @classmethod
    def random(cls, rng: np.random.Generator, config: SceneConfig) -> "CameraPath":
        """Draw a path within the room."""
        return cls(
            start=rng.uniform(0.0, 2 * math.pi),
            speed=rng.uniform(0.12, 0.32) * rng.choice([-1.0, 1.0]),
            distance=rng.uniform(1.6, 1.95),
            height=rng.uniform(0.75, 1.25),
            sway=rng.uniform(0.03, 0.12),
            sway_period=rng.uniform(4.0, 9.0),
            aim=rng.uniform(0.15, 0.35),
            pan=math.radians(rng.uniform(6.0, 22.0)),
            pan_period=rng.uniform(5.0, 9.0),
            phase=rng.uniform(0.0, 2 * math.pi),
            roll=rng.uniform(*config.camera_roll),
            field_of_view=rng.uniform(*config.field_of_view),
            glance=_glance(rng),
            glance_period=rng.uniform(7.0, 11.0),
            first_glance=rng.uniform(1.0, 2.5),
        )

    def pose(self, seconds: float) -> CameraPose:
        """Return the pose at a time."""
        sway = self.sway * math.sin(2 * math.pi * seconds / self.sway_period + self.phase)
        angle = self.start + self.speed * seconds
        distance, height = self.distance + sway, self.height + sway
        position = (distance * math.cos(angle), distance * math.sin(angle), height)
        turn = self.pan * math.sin(2 * math.pi * seconds / self.pan_period + self.phase)
        direction = angle + math.pi + turn + self.glance * self._away(seconds)
        target = (
            position[0] + distance * math.cos(direction),
            position[1] + distance * math.sin(direction),
            self.aim,
        )
        return CameraPose(position, target, self.roll, self.field_of_view)

    def _away(self, seconds: float) -> float:
        """Return how far the camera has turned away, 0 to 1."""
        since = (seconds - self.first_glance) % self.glance_period if seconds > self.first_glance else 0.0
        return smooth(since / TURNING) - smooth((since - TURNING - AWAY) / TURNING)


def smooth(share: float) -> float:
    """Return the share of a movement that starts and ends at rest, after a share of its time; clipped."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _glance(rng: np.random.Generator) -> float:
    angle = math.radians(rng.uniform(35.0, 60.0)) * rng.choice([-1.0, 1.0])
    return float(angle) if rng.random() < GLANCE_SHARE else 0.0
