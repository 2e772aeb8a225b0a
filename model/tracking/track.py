"""An object that is followed."""

import math
from dataclasses import dataclass, field

import numpy as np

from .masks import GridMask

_NEWEST = 0.5  # weight of the newest frame in a track's kernel and velocity


@dataclass
class Track:
    """What is remembered of an object: as it was last seen, and averages.

    kernel (hidden,) has length 1. probabilities (C,) are averages for the present vocabulary, None before
    the first. velocity (2,) is in rows and columns of the grid per second. id is 0 until it is seen twice.
    """

    kernel: np.ndarray
    mask: GridMask
    stamp: float
    probabilities: np.ndarray | None
    id: int = 0
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))

    @property
    def known_probabilities(self) -> np.ndarray:
        """The averages, of a track that is seen in the present frame."""
        assert self.probabilities is not None
        return self.probabilities

    def shift(self, stamp: float) -> np.ndarray:
        """Rows and columns by which the mask is expected to have moved, (2,) int."""
        return np.rint(self.velocity * (stamp - self.stamp)).astype(int)

    def see(
        self,
        kernel: np.ndarray,
        mask: GridMask,
        probabilities: np.ndarray,
        stamp: float,
        *,
        smoothing: float,
        in_a_row: bool,
    ) -> None:
        """Take over a segment; in_a_row says that the frame before had the object, too."""
        mixed = (1 - _NEWEST) * self.kernel + _NEWEST * kernel
        self.kernel = mixed / max(float(np.linalg.norm(mixed)), 1e-6)
        moved = mask.centre - self.mask.centre
        if in_a_row and stamp > self.stamp and math.isfinite(moved[0]):
            self.velocity = (1 - _NEWEST) * self.velocity + _NEWEST * moved / (stamp - self.stamp)
        else:
            self.velocity = np.zeros(2)
        past = self.probabilities
        self.probabilities = (
            probabilities if past is None else smoothing * past + (1 - smoothing) * probabilities
        )
        self.mask, self.stamp = mask, stamp
