"""A segmented camera image: the label image, its segments, and their vocabulary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from std_msgs.msg import Header

from eovseg_model.inference import LabelledSegment, Region, measure_regions


@dataclass(frozen=True)
class SegmentedFrame:
    """A segmented image; what only some topics need is computed at the first use."""

    header: Header
    rgb: np.ndarray  # (H, W, 3) uint8
    panoptic: np.ndarray  # (H, W) uint16, pixel = segment id, 0 = void
    segments: Sequence[LabelledSegment]
    vocabulary_version: int
    class_count: int
    embeddings: Mapping[int, np.ndarray] = field(default_factory=dict)  # by segment id: (D,) float32

    @cached_property
    def regions(self) -> dict[int, Region]:
        """Area, box and centroid by segment id."""
        return measure_regions(self.panoptic)

    @cached_property
    def semantic(self) -> np.ndarray:
        """(H, W) class index + 1, 0 = void; uint8, or uint16 for more than 254 classes."""
        size = max((segment.id for segment in self.segments), default=0) + 1
        class_of = np.zeros(size, np.uint8 if self.class_count <= 254 else np.uint16)
        for segment in self.segments:
            class_of[segment.id] = segment.class_id + 1
        return class_of.take(self.panoptic, mode="clip")
