"""Configuration of a measurement."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class BenchmarkCase:
    """A configuration to measure; size is the network's input (height, width), multiples of 32."""

    variant: str
    size: tuple[int, int]
    vocabulary_size: int  # classes with one text embedding each
    backend: str
    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 1
    batch: int = 1
    clock: Literal["wall", "cpu"] = "wall"  # cpu: processor time, independent of other load

    @property
    def picture_size(self) -> tuple[int, int]:
        """Size of images and results: 480x648 (about a camera's 480x640) for an input of 640x864."""
        return self.size[0] * 3 // 4, self.size[1] * 3 // 4
