"""Sizes of the check."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is measured; sizes are (height, width)."""

    variants: tuple[str, ...]  # from the smallest to the largest
    picture: tuple[int, int]  # of the camera and of the result
    short_side: int  # in the network
    classes: int
    frames: int  # of a measurement, at most
    seconds: float  # of a measurement, at most
    cameras: int = 4
    small: tuple[int, int] = (96, 128)  # for the comparison of values

    @property
    def input_size(self) -> tuple[int, int]:
        """The network's input, with padding."""
        height, width = (round(side * self.short_side / min(self.picture)) for side in self.picture)
        return height + -height % 32, width + -width % 32


FULL = Setting(
    variants=("s", "m", "l"), picture=(480, 640), short_side=640, classes=150, frames=200, seconds=4.0
)
QUICK = Setting(variants=("tiny",), picture=(96, 128), short_side=96, classes=10, frames=5, seconds=0.5)
