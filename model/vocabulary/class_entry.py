"""A class of a vocabulary, and its one-line notation."""

import unicodedata
from dataclasses import dataclass

from .limits import MAX_NAME_LENGTH, MAX_SYNONYMS, quoted

KINDS = {"thing": True, "stuff": False}
SET_MARKS = ("@", "set=")  # "set=" needs no quotes in YAML


class VocabularyError(ValueError):
    """Raised for an invalid vocabulary; the message states the problem and its remedy."""


@dataclass(frozen=True)
class VocabularyClass:
    """A class: its synonyms, the first of which is its label, and whether it is a thing.

    Raises VocabularyError if a name is empty, longer than MAX_NAME_LENGTH, not text, or a duplicate, and for
    more names than MAX_SYNONYMS.

    Example:
        >>> VocabularyClass(("mug", "cup"))
        VocabularyClass(names=('mug', 'cup'), is_thing=True)
    """

    names: tuple[str, ...]
    is_thing: bool = True

    def __post_init__(self) -> None:
        if not self.names or not all(name.strip() for name in self.names):
            raise VocabularyError(
                f"{quoted(', '.join(self.names))}: empty name; give every class at least one name"
            )
        if len(self.names) > MAX_SYNONYMS:
            raise VocabularyError(too_many_synonyms(self.names[0], len(self.names)))
        seen: set[str] = set()
        for name in self.names:
            if len(name) > MAX_NAME_LENGTH:
                raise VocabularyError(
                    f"{name[:30]!r}... is too long; use at most {MAX_NAME_LENGTH} characters"
                )
            if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
                raise VocabularyError(f"{name!r} contains control characters or surrogates; remove them")
            if name.casefold() in seen:
                raise VocabularyError(f"{name!r} is a duplicate in class {self.names[0]!r}; remove one")
            seen.add(name.casefold())


def split_entry(entry: str) -> tuple[tuple[str, ...], bool]:
    """Parse "name,synonym,...", optionally followed by `|thing` (default) or `|stuff`: (names, is_thing).

    Raises VocabularyError that names the entry and what to write instead.
    """
    text, bar, kind = entry.partition("|")
    kind = kind.strip().lower()
    shown = quoted(entry)
    if bar and kind not in KINDS:
        raise VocabularyError(f"{shown}: kind after | must be thing or stuff; got {quoted(kind)}")
    if text.count(",") >= MAX_SYNONYMS:
        raise VocabularyError(too_many_synonyms(text[: text.index(",")], text.count(",") + 1))
    names = tuple(single_spaced(name) for name in text.split(","))
    if not all(names):
        raise VocabularyError(f"{shown}: empty name; write a name before and after every comma")
    for name in names:
        if set_name(name) is not None:
            raise VocabularyError(
                f"{shown}: {quoted(name)} stands for a whole set, not for a name; make it an entry of its "
                f"own, as in ['mug', {quoted(name)}]"
            )
    return names, KINDS.get(kind, True)


def too_many_synonyms(label: str, count: int) -> str:
    """Return the message for a class with more than MAX_SYNONYMS names."""
    return f"class {quoted(label)} has {count} names; use at most {MAX_SYNONYMS} per class, or split it"


def set_name(entry: str) -> str | None:
    """Return the name or path in an entry such as "@coco_panoptic" or "set=~/tools.txt"; None for others."""
    text = entry.strip()
    return next((text.removeprefix(mark).strip() for mark in SET_MARKS if text.startswith(mark)), None)


def single_spaced(name: str) -> str:
    """Strip a name and replace runs of white space by single spaces."""
    return " ".join(name.split())
