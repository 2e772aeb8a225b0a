"""Movements of objects: pushes and drives, each a function of time."""

import math
from typing import NamedTuple, Protocol

import numpy as np
from scipy.spatial.transform import Rotation

from .camera_path import smooth


class Placement(NamedTuple):
    """The centre (3,) of an object in metres, and its rotation since the sequence's start."""

    centre: np.ndarray
    turn: Rotation


class Movement(Protocol):
    """A movement of one object."""

    @property
    def start(self) -> float:
        """Seconds since the sequence's start."""

    @property
    def end(self) -> float:
        """Seconds since the sequence's start."""

    def placement(self, before: Placement, seconds: float) -> Placement:
        """Return the placement at a time after `start`; `before` is the one at `start`."""


class Push(NamedTuple):
    """A push in a direction (2,): the object starts fast, and friction stops it. A ball rolls."""

    start: float
    end: float
    shift: tuple[float, float]  # metres
    spin: float  # radians about the vertical axis
    rolling_radius: float  # metres; 0 for what slides

    def placement(self, before: Placement, seconds: float) -> Placement:
        """Return the placement at a time."""
        left = 1 - min(max((seconds - self.start) / (self.end - self.start), 0.0), 1.0)
        share = 1 - left * left
        shift = share * np.array([*self.shift, 0.0])
        if self.rolling_radius:
            turn = Rotation.from_rotvec(np.cross([0.0, 0.0, 1.0], shift) / self.rolling_radius)
        else:
            turn = Rotation.from_euler("z", share * self.spin)
        return Placement(before.centre + shift, turn * before.turn)


class Drive(NamedTuple):
    """A drive along an arc."""

    start: float
    end: float
    heading: float  # radians, at the start
    length: float  # metres, negative for backwards
    curvature: float  # radians per metre

    def placement(self, before: Placement, seconds: float) -> Placement:
        """Return the placement at a time."""
        driven = self.length * smooth((seconds - self.start) / (self.end - self.start))
        turned = self.curvature * driven
        chord = driven * float(np.sinc(turned / 2 / math.pi))  # sin(turned / 2) / (turned / 2)
        direction = self.heading + turned / 2
        shift = np.array([chord * math.cos(direction), chord * math.sin(direction), 0.0])
        return Placement(before.centre + shift, Rotation.from_euler("z", turned) * before.turn)
