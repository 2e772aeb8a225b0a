"""Batches of every step, in an order determined by seed and step."""

from collections.abc import Iterator
from itertools import count, islice

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from .examples import ExampleBatch, ExampleKey, Examples, collate
from .recipe import Recipe, RecipeError


class ExampleStream:
    """Iterator over this process's batches of a step and all later ones.

    Raises RecipeError if a step's images cannot be divided evenly among processes.
    """

    def __init__(self, fabric: Fabric, examples: Examples, recipe: Recipe) -> None:
        shares = fabric.world_size * recipe.accumulate
        if recipe.batch_size % shares:
            raise RecipeError(
                f"batch_size must be a multiple of processes * accumulate = {fabric.world_size} * "
                f"{recipe.accumulate}; got {recipe.batch_size}"
            )
        self._fabric = fabric
        self._examples = examples
        self._recipe = recipe

    def __call__(self, first: int) -> Iterator[list[ExampleBatch]]:
        """Yield the parts of each step, starting at step first, and seed torch for the step."""
        fabric, recipe = self._fabric, self._recipe
        loader = iter(
            DataLoader(
                self._examples,
                batch_sampler=self._keys(first),
                collate_fn=collate,
                num_workers=recipe.workers,
                pin_memory=fabric.device.type == "cuda",
            )
        )
        for step in count(first):
            parts = [fabric.to_device(next(loader)) for _ in range(recipe.accumulate)]
            num_masks = mean_masks(fabric, parts)
            key = (recipe.seed, fabric.global_rank, step)
            torch.manual_seed(int(np.random.default_rng(key).integers(2**31)))
            yield [part._replace(num_masks=num_masks) for part in parts]

    def _keys(self, first: int) -> Iterator[list[ExampleKey]]:
        """Yield the keys of this process's batches."""
        size, parts = self._recipe.batch_size, self._recipe.accumulate
        keys = draw_order(len(self._examples), self._recipe.seed, first * size)
        while True:
            own = list(islice(keys, size))[self._fabric.global_rank :: self._fabric.world_size]
            yield from (own[part::parts] for part in range(parts))


def draw_order(length: int, seed: int, first: int) -> Iterator[ExampleKey]:
    """Yield keys without end, starting at index first; every epoch contains each image once."""
    for epoch in count(first // length):
        rng = np.random.default_rng((seed, epoch))
        order, seeds = rng.permutation(length), rng.integers(2**31, size=length)
        start = max(0, first - epoch * length)
        for index, augmentation in zip(order[start:], seeds[start:], strict=True):
            yield ExampleKey(int(index), int(augmentation))


def mean_masks(fabric: Fabric, parts: list[ExampleBatch]) -> float:
    """Return the mean number of ground-truth segments per process and part, at least 1.

    Dividing by it gives the mask losses of one process with the whole batch, as in the published loss.
    """
    own = sum(len(classes) for part in parts for classes in part.classes) / len(parts)
    mean = fabric.all_reduce(torch.tensor(own, device=fabric.device), reduce_op="mean")
    assert isinstance(mean, Tensor)
    return max(1.0, mean.item())
