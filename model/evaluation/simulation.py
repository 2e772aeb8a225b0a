"""Simulated scenes as a data set for evaluation."""

from collections.abc import Sequence
from pathlib import Path

from ..data import AnnotatedSet, CocoPanoptic
from ..simulation import CATALOG, KEPT_OUT_NAMES, STUFF_NAMES, TRAINED_NAMES

GROUPS: dict[str, Sequence[str]] = {
    "trained names": TRAINED_NAMES,
    "trained things": tuple(name for name in TRAINED_NAMES if name not in STUFF_NAMES),
    "trained stuff": STUFF_NAMES,
    "kept-out names": KEPT_OUT_NAMES,
}


def simulation_groups() -> dict[str, list[int]]:
    """Return the class indices of the demo model's training names and of kept-out names, by group."""
    return {group: [CATALOG.index(name) for name in names] for group, names in GROUPS.items()}


def open_scenes(root: Path) -> AnnotatedSet:
    """Open a folder of simulated scenes."""
    return AnnotatedSet(CocoPanoptic.from_folder(root))
