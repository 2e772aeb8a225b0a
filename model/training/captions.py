"""What a region may be called: its full name, its shape alone, or its colour alone."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..simulation.catalog import COMPOSITIONS, SYNONYMS, names_of


class CaptionLevel(NamedTuple):
    """Classes of one level: the synonyms of each, and for every category its class (-1: it has none)."""

    classes: tuple[tuple[str, ...], ...]
    class_of: Tensor


def caption_levels(categories: Sequence[str], trained: Sequence[str]) -> tuple[CaptionLevel, ...]:
    """Full names, shapes ("mug") and colours ("red object") of the catalog names in categories.

    A category that is not among the trained ones has no class at any level.
    """
    known = set(trained)
    return tuple(
        _level([caption(name) if name in known else None for name in categories])
        for caption in (names_of, _shape, _colour)
    )


def _shape(name: str) -> tuple[str, ...]:
    if name not in COMPOSITIONS:
        return names_of(name)
    shape = COMPOSITIONS[name][1]
    return (shape, *SYNONYMS[shape])


def _colour(name: str) -> tuple[str, ...]:
    if name not in COMPOSITIONS:
        return names_of(name)
    colour = COMPOSITIONS[name][0]
    return (f"{colour} object", f"{colour} thing")


def _level(captions: Sequence[tuple[str, ...] | None]) -> CaptionLevel:
    classes = tuple(dict.fromkeys(c for c in captions if c is not None))
    return CaptionLevel(classes, torch.tensor([-1 if c is None else classes.index(c) for c in captions]))
