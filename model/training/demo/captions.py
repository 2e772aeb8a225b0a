"""Captions of a region: its full name, its shape or its colour."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ...simulation import COMPOSITIONS, SYNONYMS, names_of

FULL, SHAPE, COLOUR = range(3)  # the levels


class CaptionLevel(NamedTuple):
    """Classes of one level: the synonyms of each class, and the class of every category (-1: none)."""

    classes: tuple[tuple[str, ...], ...]
    class_of: Tensor

    def classify(self, categories: Tensor) -> Tensor:
        """Return the class of each category (R,), on the same device."""
        return self.class_of.to(categories.device)[categories]


def caption_levels(categories: Sequence[str], trained: Sequence[str]) -> tuple[CaptionLevel, ...]:
    """Return the levels of catalog names in categories: full names, shapes ("mug"), colours ("red object").

    Categories that are not in trained have no class at any level.
    """
    known = set(trained)
    return tuple(
        _level([caption(name) if name in known else None for name in categories])
        for caption in (names_of, _shape, _colour)
    )


def composition_parts(levels: Sequence[CaptionLevel]) -> Tensor:
    """Return the class indices (P, 3) of full name, shape and colour of every trained composition."""
    triples = torch.stack([level.class_of for level in levels], dim=1)
    full, shapes, colours = (level.classes for level in levels)
    parts = [(f, s, c) for f, s, c in triples.tolist() if f >= 0 and full[f] != shapes[s] != colours[c]]
    return torch.tensor(sorted(set(parts)))


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
