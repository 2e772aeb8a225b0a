"""Images to panoptic maps: the predictor's stages for a batch, with a clock."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..backends import Backend
from ..inference import MaskSizes, PanopticMap, fuse_panoptic, prepare
from ..network import TextEmbeddings
from .stage_clock import StageClock


class Pipeline:
    """A backend with pre- and postprocessing."""

    def __init__(self, backend: Backend, text: TextEmbeddings, seen: Tensor, short_side: int) -> None:
        self._backend = backend
        self._text = text
        self._seen = seen
        self._short_side = short_side

    @torch.no_grad()
    def __call__(
        self, pictures: Sequence[np.ndarray], clock: StageClock, overlap_threshold: float = 0.8
    ) -> tuple[list[PanopticMap], Tensor]:
        """Return maps of the images' size and the final class logits (B, N, C + 1)."""
        with clock.stage("preprocess"):
            images, _ = prepare(pictures, self._short_side, self._seen.device)
        output = self._backend(images, self._text, self._seen)
        size = images.shape[-2:]
        sizes = MaskSizes(size, size, pictures[0].shape[:2])
        is_thing = [True] * len(self._seen)
        with clock.stage("fusion"):
            maps = [
                fuse_panoptic(classes, masks, is_thing, 0.0, overlap_threshold, sizes)
                for classes, masks in zip(output.final_class_logits, output.mask_logits, strict=True)
            ]
        return maps, output.final_class_logits
