"""Merge entries into one list of classes, and resolve duplicate names."""

import functools
import logging
from collections.abc import Sequence
from typing import NamedTuple

from .class_entry import VocabularyClass, VocabularyError, set_name
from .limits import quoted

SHOWN = 8  # names in a warning

_logger = logging.getLogger(__name__)


class Entry(NamedTuple):
    """An entry as the user wrote it, with its class or, for a set, all classes of the set."""

    text: str
    classes: tuple[VocabularyClass, ...]


def merge_entries(entries: Sequence[Entry]) -> tuple[VocabularyClass, ...]:
    """Return all classes in order; explicit classes take precedence over those of a set.

    A set's class is dropped if its label is in an explicit class; a duplicate synonym is removed from it. A
    warning lists these names. Raises VocabularyError for other duplicate names.
    """
    written = [entry for entry in entries if set_name(entry.text) is None]
    _check_names(written)
    taken = {name.casefold() for entry in written for c in entry.classes for name in c.names}
    merged = [entry if set_name(entry.text) is None else _without(entry, taken) for entry in entries]
    _check_names(merged)
    return tuple(c for entry in merged for c in entry.classes)


def _without(entry: Entry, taken: set[str]) -> Entry:
    """Return a set without the names of explicit entries."""
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
    """Log a warning once, although a node parses the same entries several times."""
    _logger.warning(text)


def _check_names(entries: Sequence[Entry]) -> None:
    owner: dict[str, str] = {}
    for entry in entries:
        for key, name in {name.casefold(): name for c in entry.classes for name in c.names}.items():
            if key in owner:
                raise VocabularyError(
                    f"{name!r} is a duplicate: {quoted(owner[key])} and {quoted(entry.text)} both have it; "
                    "name it in one entry"
                )
            owner[key] = entry.text
