"""What determines the results of a bag."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from eovseg_model.backends import DEFAULT_BACKEND, DEFAULT_DEVICE, DEFAULT_PRECISION
from eovseg_model.data import MAX_PIXELS
from eovseg_ros.bags.reading.cameras import BagCamera
from eovseg_ros.bags.reading.images import DepthSettings
from eovseg_ros.bags.reading.selection import Selection


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The model and its words; names and defaults are those of the node's parameters."""

    variant: str = "tiny"
    checkpoint: str = ""
    device: str = DEFAULT_DEVICE
    backend: str = DEFAULT_BACKEND
    precision: str = DEFAULT_PRECISION
    short_side: int = 0
    vocabulary: tuple[str, ...] = ("@default",)
    object_threshold: float = 0.0
    overlap_threshold: float | None = None  # None: the variant's

    @property
    def entries(self) -> tuple[str, ...]:
        """The vocabulary as the predictor expects it."""
        default = "@simulation_trained" if self.variant == "tiny" else "@coco_panoptic"
        return tuple(default if entry in ("@default", "set=default") else entry for entry in self.vocabulary)


@dataclass(frozen=True, kw_only=True)
class LabelSettings:
    """The model, the images and the form of the results; tracking as the node's parameters."""

    model: ModelSettings = field(default_factory=ModelSettings)
    cameras: tuple[BagCamera, ...]
    selection: Selection = field(default_factory=Selection)
    depth: DepthSettings = field(default_factory=DepthSettings)
    tracking: bool = True
    track_memory: float = 10.0  # seconds
    smoothing: float = 0.8
    embeddings: bool = False
    keep_embeddings: bool = False  # in a file beside the results, for new words later
    compressed: bool = True  # images of ids as PNG
    max_pixels: int = MAX_PIXELS

    def as_dict(self) -> dict[str, Any]:
        """Return all values by name."""
        return dataclasses.asdict(self)
