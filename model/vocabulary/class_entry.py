"""One class of a vocabulary, and the one-line form in which users write it."""

import unicodedata
from dataclasses import dataclass

MAX_NAME_LENGTH = 80
KINDS = {"thing": True, "stuff": False}
SET_MARKS = ("@", "set=")  # the second needs no quotes in YAML


class VocabularyError(ValueError):
    """A vocabulary that cannot be used; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class VocabularyClass:
    """One class: its synonyms, the first of which is its label, and its kind.

    Raises VocabularyError where a name is empty, longer than MAX_NAME_LENGTH, no text or there twice.
    """

    names: tuple[str, ...]
    is_thing: bool = True

    def __post_init__(self) -> None:
        if not self.names or not all(name.strip() for name in self.names):
            raise VocabularyError(
                f"{', '.join(self.names)!r}: empty name; give every class at least one name"
            )
        seen: set[str] = set()
        for name in self.names:
            if len(name) > MAX_NAME_LENGTH:
                raise VocabularyError(f"{name[:30]!r}... is too long: {MAX_NAME_LENGTH} characters at most")
            if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
                raise VocabularyError(f"{name!r} holds control or half characters, which are no text")
            if name.casefold() in seen:
                raise VocabularyError(f"{name!r} is a duplicate: class {self.names[0]!r} has it already")
            seen.add(name.casefold())


def split_entry(entry: str) -> tuple[tuple[str, ...], bool]:
    """Names and kind (thing: True) of "name,synonym,..." with `|thing`, the default, or `|stuff` after it.

    Raises VocabularyError with the entry that is wrong and what to write instead.
    """
    text, bar, kind = entry.partition("|")
    kind = kind.strip().lower()
    if bar and kind not in KINDS:
        raise VocabularyError(f"{entry!r}: after | comes thing or stuff, not {kind!r}")
    names = tuple(single_spaced(name) for name in text.split(","))
    if not all(names):
        raise VocabularyError(f"{entry!r}: empty name; write a name before, between and after the commas")
    for name in names:
        if set_name(name) is not None:
            raise VocabularyError(
                f"{entry!r}: {name!r} stands for a whole set, not for a name; make it an entry of its own, "
                f"as in ['mug', {name!r}]"
            )
    return names, KINDS.get(kind, True)


def set_name(entry: str) -> str | None:
    """Name or path of the set that an entry such as "@coco_panoptic" or "set=~/tools.txt" stands for."""
    text = entry.strip()
    return next((text.removeprefix(mark).strip() for mark in SET_MARKS if text.startswith(mark)), None)


def single_spaced(name: str) -> str:
    """The name without spaces around it, and with single ones inside."""
    return " ".join(name.split())
