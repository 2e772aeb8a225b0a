"""Interfaces of engines and their makers."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from torch import Tensor

from ...network import EOVSeg
from .shape import EngineShape


class Engine(Protocol):
    """A network with fixed input sizes."""

    def __call__(
        self, images: Tensor, text_embeddings: Tensor, groups: Tensor, penalty: Tensor, seen: Tensor
    ) -> tuple[Tensor, ...]:
        """Run the network on padded inputs: the fields of `EOVSegOutput` in their order."""
        ...


class EngineMaker(NamedTuple):
    """Functions that build an engine into a folder and load it from there, and what its files depend on.

    targets names the GPUs that the files are for, wherever they were built; empty means the device on which
    they were built.
    """

    name: str
    versions: str
    build: Callable[[EOVSeg, EngineShape, Path], None]
    load: Callable[[Path], Engine]
    targets: str = ""
