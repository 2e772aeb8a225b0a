"""What is measured."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class BenchmarkCase:
    """One configuration; size is that of the network's input, (height, width), multiples of 32."""

    variant: str
    size: tuple[int, int]
    vocabulary_size: int  # text embeddings, one a class
    backend: str
    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 1
    batch: int = 1
    clock: Literal["wall", "cpu"] = "wall"  # cpu: seconds of the processor, whatever else it does

    @property
    def picture_size(self) -> tuple[int, int]:
        """Size of the pictures and of the results: a camera's 480x640 for an input of 640x864, about."""
        return self.size[0] * 3 // 4, self.size[1] * 3 // 4
