"""A panoptic data set in memory, from which augmented training batches are cropped."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from ...data import CocoPanoptic
from ...inference import STRIDE, mean_and_deviation, normalise

MIN_PIXELS = 12  # segments with less in a crop are void


class SceneMasks(NamedTuple):
    """Ground-truth segments of one image: categories (K,) and masks (K, H, W) in {0, 1} as floats."""

    categories: Tensor
    masks: Tensor


class Batch(NamedTuple):
    """Normalised images (B, 3, H, W) and the ground-truth segments of each."""

    images: Tensor
    regions: list[SceneMasks]


class SceneMemory:
    """All images and id maps of a data set as uint8, with random crops."""

    def __init__(self, dataset: CocoPanoptic) -> None:
        self.categories = dataset.categories
        height, width = dataset[0].id_map.shape
        self._images = torch.empty(len(dataset), height, width, 3, dtype=torch.uint8)
        self._maps = torch.empty(len(dataset), height, width, dtype=torch.uint8)
        self._segments = []
        for index in tqdm(range(len(dataset)), desc="reading scenes", mininterval=1):
            image, id_map, segments = dataset[index]
            rank = np.zeros(id_map.max() + 1, np.uint8)  # id -> 1 + index in the list
            rank[[s.id for s in segments]] = np.arange(1, len(segments) + 1)
            self._images[index] = torch.from_numpy(image.copy())
            self._maps[index] = torch.from_numpy(rank[id_map])
            self._segments.append(torch.tensor([s.category for s in segments]))

    def __len__(self) -> int:
        return len(self._images)

    def batch(
        self, indices: list[int], size: tuple[int, int], rng: np.random.Generator, padding: float = 0.0
    ) -> Batch:
        """Return random crops of the images, scaled to size (height, width), randomly flipped and relit.

        padding is the probability that a side is shorter and padded at the bottom or right, as in inference.
        """
        crops = [self._crop(index, size, rng, padding) for index in indices]
        images = torch.stack([image for image, _ in crops])
        return Batch(images, [region for _, region in crops])

    def _crop(
        self, index: int, size: tuple[int, int], rng: np.random.Generator, padding: float
    ) -> tuple[Tensor, SceneMasks]:
        below, right = (_draw_padding(rng, padding) for _ in size)
        content = (size[0] - below, size[1] - right)
        image, id_map = self._images[index], self._maps[index]
        H, W = id_map.shape
        scale = rng.uniform(0.6, 1.0)
        h, w = round(H * scale), round(W * scale)
        top, left = rng.integers(H - h + 1), rng.integers(W - w + 1)
        image = image[top : top + h, left : left + w].permute(2, 0, 1)[None].float()
        id_map = id_map[top : top + h, left : left + w][None, None].float()
        image = F.interpolate(image, size=content, mode="bilinear", antialias=True)[0]
        id_map = F.interpolate(id_map, size=content, mode="nearest-exact")[0, 0].long()
        if rng.random() < 0.5:
            image, id_map = image.flip(-1), id_map.flip(-1)
        categories = self._segments[index]
        area = torch.bincount(id_map.flatten(), minlength=len(categories) + 1)[1:]
        kept = (area >= MIN_PIXELS).nonzero()[:, 0]
        masks = (id_map[None] == (kept + 1)[:, None, None]).float()
        image = normalise(_relight(image, rng))
        image, masks = (F.pad(x, (0, right, 0, below)) for x in (image, masks))
        return image, SceneMasks(categories[kept], masks)


def _draw_padding(rng: np.random.Generator, share: float) -> int:
    """Draw the padding of a side in pixels, below the stride; 0 with probability 1 - share."""
    if not share or rng.random() >= share:
        return 0
    return int(rng.integers(1, STRIDE))


def _relight(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Vary brightness, contrast and saturation by up to a fifth; hues stay, because captions name them."""
    brightness, contrast, saturation = rng.uniform(0.8, 1.2, 3)
    grey = image.mean(0, keepdim=True)
    image = grey + (image - grey) * saturation
    image = image.mean() + (image - image.mean()) * contrast
    return (image * brightness).clamp(0, 255)


def desaturate(images: Tensor) -> Tensor:
    """Return normalised images (B, 3, H, W) in grey."""
    mean, std = mean_and_deviation(images.device)
    grey = (images * std + mean).mean(1, keepdim=True)
    return (grey - mean) / std
