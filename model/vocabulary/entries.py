"""A list of entries as one list of classes: who owns a name that is there twice."""

import functools
import logging
from collections.abc import Sequence
from typing import NamedTuple

from .class_entry import VocabularyClass, VocabularyError, set_name

SHOWN = 8  # names in a warning

_logger = logging.getLogger(__name__)


class Entry(NamedTuple):
    """One entry as the user wrote it, with its class or, for a set, with all of the set's classes."""

    text: str
    classes: tuple[VocabularyClass, ...]


def merge_entries(entries: Sequence[Entry]) -> tuple[VocabularyClass, ...]:
    """All classes in order; a class that the user wrote out takes precedence over one of a set.

    A set's class whose label the user wrote out is left out; one that only has it as a synonym loses
    that name. A warning tells which. Raises VocabularyError where two entries have the same name otherwise.
    """
    written = [entry for entry in entries if set_name(entry.text) is None]
    _check_names(written)
    taken = {name.casefold() for entry in written for c in entry.classes for name in c.names}
    merged = [entry if set_name(entry.text) is None else _without(entry, taken) for entry in entries]
    _check_names(merged)
    return tuple(c for entry in merged for c in entry.classes)


def _without(entry: Entry, taken: set[str]) -> Entry:
    """A set without the names that the user's own entries have."""
    kept = []
    for c in entry.classes:
        names = tuple(name for name in c.names if name.casefold() not in taken)
        if c.names[0] in names:
            kept.append(VocabularyClass(names, c.is_thing))
    dropped = [name for c in entry.classes for name in c.names if name.casefold() in taken]
    if dropped:
        more = f" and {len(dropped) - SHOWN} more" if len(dropped) > SHOWN else ""
        shown = ", ".join(map(repr, dropped[:SHOWN])) + more
        _warn_once(f"{entry.text}: your own entries take precedence over its classes for {shown}")
    return Entry(entry.text, tuple(kept))


@functools.lru_cache
def _warn_once(text: str) -> None:
    """A node reads the same entries several times."""
    _logger.warning(text)


def _check_names(entries: Sequence[Entry]) -> None:
    owner: dict[str, str] = {}
    for entry in entries:
        for key, name in {name.casefold(): name for c in entry.classes for name in c.names}.items():
            if key in owner:
                raise VocabularyError(
                    f"{name!r} is a duplicate: {owner[key]!r} and {entry.text!r} both have it; "
                    "name it in one entry"
                )
            owner[key] = entry.text
