"""The batches of every step, in an order that depends on the seed and the step alone."""

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
    """Called with a step, yields what this process computes in it and in all that follow.

    Raises RecipeError where the images of a step cannot be shared out evenly.
    """

    def __init__(self, fabric: Fabric, examples: Examples, recipe: Recipe) -> None:
        shares = fabric.world_size * recipe.accumulate
        if recipe.batch_size % shares:
            raise RecipeError(
                f"a batch_size of {recipe.batch_size} cannot be shared out evenly over {fabric.world_size} "
                f"processes in {recipe.accumulate} parts each"
            )
        self._fabric = fabric
        self._examples = examples
        self._recipe = recipe

    def __call__(self, first: int) -> Iterator[list[ExampleBatch]]:
        """The parts of each step from step first on; seeds torch for what the step draws."""
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
        """Keys of this process's batches, one after the other."""
        size, parts = self._recipe.batch_size, self._recipe.accumulate
        keys = draw_order(len(self._examples), self._recipe.seed, first * size)
        while True:
            own = list(islice(keys, size))[self._fabric.global_rank :: self._fabric.world_size]
            yield from (own[part::parts] for part in range(parts))


def draw_order(length: int, seed: int, first: int) -> Iterator[ExampleKey]:
    """Keys from the first-th on, without end: every image once before any comes again."""
    for epoch in count(first // length):
        rng = np.random.default_rng((seed, epoch))
        order, seeds = rng.permutation(length), rng.integers(2**31, size=length)
        start = max(0, first - epoch * length)
        for index, augmentation in zip(order[start:], seeds[start:], strict=True):
            yield ExampleKey(int(index), int(augmentation))


def mean_masks(fabric: Fabric, parts: list[ExampleBatch]) -> float:
    """True segments of a step by process and part, at least 1: what the published loss divides by.

    So the mask losses of all processes and parts are those of one that has the whole batch.
    """
    own = sum(len(classes) for part in parts for classes in part.classes) / len(parts)
    mean = fabric.all_reduce(torch.tensor(own, device=fabric.device), reduce_op="mean")
    assert isinstance(mean, Tensor)
    return max(1.0, mean.item())
