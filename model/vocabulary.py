"""What the user wants to see: classes, their synonyms, and whether each is a thing or stuff."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

VOCABULARY_FOLDER = Path(__file__).parent / "vocabularies"
MAX_CLASSES = 4096
MAX_NAME_LENGTH = 80
KINDS = {"thing": True, "stuff": False}


class VocabularyError(ValueError):
    """A vocabulary that cannot be used; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class VocabularyClass:
    """One class: its synonyms, the first of which is its label, and its kind."""

    names: tuple[str, ...]
    is_thing: bool = True


@dataclass(frozen=True)
class Vocabulary:
    """An ordered set of classes; the index of a class is its class id."""

    classes: tuple[VocabularyClass, ...]

    def __post_init__(self) -> None:
        _check(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The first synonym of every class."""
        return tuple(c.names[0] for c in self.classes)

    @cached_property
    def is_thing(self) -> tuple[bool, ...]:
        """Thing (True) or stuff (False), one a class."""
        return tuple(c.is_thing for c in self.classes)

    @cached_property
    def synonyms(self) -> tuple[str, ...]:
        """All synonyms, class after class: the order of the rows of text features."""
        return tuple(name for c in self.classes for name in c.names)

    def shares_synonym_with(self, other: "Vocabulary") -> list[bool]:
        """For every class, whether one of its synonyms is also one of other's (case ignored)."""
        known = {name.casefold() for name in other.synonyms}
        return [any(name.casefold() in known for name in c.names) for c in self.classes]

    @classmethod
    def parse(cls, entries: Sequence[str]) -> "Vocabulary":
        """Read entries such as "mug,cup", "floor|stuff" or "@coco_panoptic".

        An entry is one class: synonyms by comma, then optionally `|thing` (the default) or
        `|stuff`. `@name` stands for all classes of a named vocabulary.
        Raises VocabularyError with the entry that is wrong and what to write instead.
        """
        if isinstance(entries, str):
            raise VocabularyError(f"a vocabulary is a list of strings, not one string: write [{entries!r}]")
        classes: list[VocabularyClass] = []
        for entry in entries:
            if not isinstance(entry, str):
                raise VocabularyError(f"{entry!r} is not a string: put every class in quotes")
            if entry.strip().startswith("@"):
                classes.extend(load_vocabulary(entry.strip()[1:]).classes)
            else:
                classes.append(_parse_entry(entry))
        return cls(tuple(classes))


def load_vocabulary(name: str) -> Vocabulary:
    """The named vocabulary of the package, a file in `vocabularies/`; VocabularyError if there is none."""
    path = VOCABULARY_FOLDER / f"{name}.json"
    known = sorted(p.stem for p in VOCABULARY_FOLDER.glob("*.json"))
    if name not in known:
        raise VocabularyError(f"no vocabulary is named @{name}; there are: @{', @'.join(known)}")
    items = json.loads(path.read_text(encoding="utf-8"))["classes"]
    return Vocabulary(tuple(VocabularyClass(tuple(i["names"]), i["thing"]) for i in items))


def _parse_entry(entry: str) -> VocabularyClass:
    names, bar, kind = entry.partition("|")
    kind = kind.strip().lower()
    if bar and kind not in KINDS:
        raise VocabularyError(f"{entry!r}: after | comes thing or stuff, not {kind!r}")
    synonyms = tuple(" ".join(name.split()) for name in names.split(","))
    if not all(synonyms):
        raise VocabularyError(f"{entry!r}: empty name; write a name before, between and after the commas")
    return VocabularyClass(synonyms, KINDS.get(kind, True))


def _check(classes: Iterable[VocabularyClass]) -> None:
    classes = tuple(classes)
    if not classes:
        raise VocabularyError("the vocabulary is empty: name at least one class, for example ['mug']")
    if len(classes) > MAX_CLASSES:
        raise VocabularyError(f"{len(classes)} classes are too many: {MAX_CLASSES} is the most")
    owner: dict[str, str] = {}
    for c in classes:
        for name in c.names:
            if len(name) > MAX_NAME_LENGTH:
                raise VocabularyError(f"{name[:30]!r}... is too long: {MAX_NAME_LENGTH} characters at most")
            if name.casefold() in owner:
                where = owner[name.casefold()]
                raise VocabularyError(f"{name!r} is a duplicate: class {where!r} has it already")
            owner[name.casefold()] = c.names[0]
