"""A segmented camera image: the label image, its segments, their vocabulary, and where they are in space."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eovseg_model.geometry import SegmentGeometry
from eovseg_model.inference import LabelledSegment, Region, measure_regions

from .frame_space import FrameSpace

if TYPE_CHECKING:
    from std_msgs.msg import Header


@dataclass(frozen=True)
class SegmentedFrame:
    """A segmented image; what only some topics need is computed at the first use."""

    header: "Header"
    rgb: np.ndarray  # (H, W, 3) uint8
    panoptic: np.ndarray  # (H, W) uint16, pixel = segment id, 0 = void
    segments: Sequence[LabelledSegment]
    vocabulary_version: int
    class_count: int
    embeddings: Mapping[int, np.ndarray] = field(default_factory=dict)  # by segment id: (D,) float32
    space: FrameSpace | None = None  # None: no depth

    @cached_property
    def regions(self) -> dict[int, Region]:
        """Area, box and centroid by segment id, in pixels."""
        return measure_regions(self.panoptic)

    @cached_property
    def geometry(self) -> dict[int, SegmentGeometry]:
        """Position and box by segment id, metres in `space.frame_id`; only segments with enough depth."""
        return self.space.measure(self.panoptic) if self.space else {}

    @cached_property
    def semantic(self) -> np.ndarray:
        """(H, W) class index + 1, 0 = void; uint8, or uint16 for more than 254 classes."""
        size = max((segment.id for segment in self.segments), default=0) + 1
        class_of = np.zeros(size, np.uint8 if self.class_count <= 254 else np.uint16)
        for segment in self.segments:
            class_of[segment.id] = segment.class_id + 1
        return class_of.take(self.panoptic, mode="clip")
