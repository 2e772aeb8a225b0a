"""What the segmentation of one image gives."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ..vocabulary import Vocabulary
from .mask_sizes import MaskSizes, upsample_masks, upsampled_bands
from .panoptic import Instances, fuse_instances, fuse_semantic


@dataclass(frozen=True)
class Segment:
    """One segment: id in the map, class index and label, thing or stuff, class probability, area (pixels)."""

    id: int
    class_id: int
    label: str
    is_thing: bool
    score: float
    area: int


@dataclass(frozen=True)
class PanopticResult:
    """What one image gave; label_image, semantic and instances are computed when asked for.

    map (H, W) int32 segment ids at the output size, 0 void; class_logits and mask_logits of the last
    decoder stage (N, C + 1) and (N, H'/4, W'/4), H' and W' the padded input's; final_class_logits
    (N, C + 1) log probabilities after the ensemble; void is the last class.
    """

    map: Tensor
    segments: list[Segment]
    class_logits: Tensor
    mask_logits: Tensor
    final_class_logits: Tensor
    vocabulary: Vocabulary
    _sizes: MaskSizes

    @cached_property
    def label_image(self) -> np.ndarray:
        """The map as an array on the host: (H, W) int32 segment ids, 0 void.

        From a GPU it is copied once, and the host waits for it; on the CPU it shares the map's memory.
        """
        return self.map.cpu().numpy()

    @cached_property
    def semantic(self) -> Tensor:
        """Class index of every pixel (H, W) int64, never void."""
        bands = upsampled_bands(self.mask_logits, self._sizes)  # all classes of a whole image are too much
        return torch.cat([fuse_semantic(self.final_class_logits, band) for band in bands])

    @cached_property
    def instances(self) -> Instances:
        """Things with scores, class ids and masks (I, H, W), best first."""
        masks = upsample_masks(self.mask_logits, self._sizes)
        return fuse_instances(self.final_class_logits, masks, self.vocabulary.is_thing)
