"""Training augmentation: large-scale jitter, crop and flip of an image and its segments."""

from functools import partial

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import v2
from torchvision.tv_tensors import Image, Mask

from ..inference import PIXEL_MEAN
from .sample import PanopticSample

# Padding is void, and zero after normalisation, as at test time.
FILL = {Image: tuple(round(value) for value in PIXEL_MEAN), Mask: 0}


class LargeScaleJitter:
    """Scale to 0.1 to 2.0 times the crop size, crop at a random position, flip with probability 0.5.

    Images smaller than the crop are padded on the right and at the bottom, as at test time.

    Source: Ghiasi et al. 2021, with the ranges of the published configuration.
    """

    def __init__(self, size: int = 1024, scale: tuple[float, float] = (0.1, 2.0)) -> None:
        self._transform = v2.Compose(
            [
                v2.ScaleJitter((size, size), scale, antialias=True),  # images bilinear, masks nearest
                v2.Lambda(partial(_pad, size=size), Image, Mask),
                v2.RandomCrop((size, size)),
                v2.RandomHorizontalFlip(),
            ]
        )

    def __call__(self, sample: PanopticSample, seed: int) -> PanopticSample:
        """Return a (size, size) crop with the segments that are in it; the seed determines the result."""
        image = Image(torch.from_numpy(sample.image.copy()).permute(2, 0, 1))
        id_map = Mask(torch.from_numpy(sample.id_map.astype(np.int32))[None])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            image, id_map = self._transform(image, id_map)
        ids = id_map[0].numpy()
        left = set(np.unique(ids).tolist())
        segments = [segment for segment in sample.segments if segment.id in left]
        return PanopticSample(image.permute(1, 2, 0).numpy(), ids, segments)


def _pad(x: Tensor, size: int) -> Tensor:
    """Pad an image or a mask (..., H, W) to size on the right and at the bottom."""
    height, width = x.shape[-2:]
    return v2.functional.pad(x, [0, 0, max(0, size - width), max(0, size - height)], fill=FILL[type(x)])
