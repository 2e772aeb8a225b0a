"""Vocabularies: classes, their synonyms, and whether each is a thing or stuff."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .class_entry import VocabularyClass, VocabularyError, set_name, split_entry
from .entries import Entry, merge_entries
from .files import FILE_KINDS, read_classes
from .limits import MAX_CLASSES, MAX_NAMES, MAX_PATH_LENGTH, quoted

__all__ = [
    "VOCABULARY_FOLDER",
    "Vocabulary",
    "VocabularyClass",
    "VocabularyError",
    "load_vocabulary",
    "named_files",
]

VOCABULARY_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Vocabulary:
    """An ordered list of classes; the index of a class is its class id."""

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
        """Whether each class is a thing (True) or stuff (False)."""
        return tuple(c.is_thing for c in self.classes)

    @cached_property
    def synonyms(self) -> tuple[str, ...]:
        """All synonyms, class after class, in the order of their text embeddings."""
        return tuple(name for c in self.classes for name in c.names)

    def shares_synonym_with(self, other: "Vocabulary") -> list[bool]:
        """Return for every class whether it shares a synonym with other.

        Case, hyphens and regular plurals are ignored.

        Example:
            >>> trained = Vocabulary.parse(["cell phone,mobile", "mug"])
            >>> Vocabulary.parse(["Cell-phones", "laptop"]).shares_synonym_with(trained)
            [True, False]
        """
        known = {_comparable(name) for name in other.synonyms}
        plurals = {plural for name in known for plural in _plurals(name)}

        def is_known(name: str) -> bool:
            return name in known or name in plurals or not known.isdisjoint(_plurals(name))

        return [any(is_known(_comparable(name)) for name in c.names) for c in self.classes]

    @classmethod
    def parse(cls, entries: Sequence[str]) -> "Vocabulary":
        """Parse entries such as "mug,cup", "floor|stuff", "@coco_panoptic" or "@~/tools.txt".

        An entry is a class: synonyms separated by commas, optionally followed by `|thing` (default) or
        `|stuff`. `@name` and `@file`, or `set=name` and `set=file`, are sets: all classes that
        `load_vocabulary` returns. Explicit classes take precedence over those of a set, with a warning.
        Raises VocabularyError that names the entry and what to write instead.

        Example:
            >>> from eovseg_model import Vocabulary
            >>> vocabulary = Vocabulary.parse(["mug,cup", "floor|stuff"])
            >>> vocabulary.labels, vocabulary.is_thing
            (('mug', 'floor'), (True, False))
            >>> vocabulary.synonyms
            ('mug', 'cup', 'floor')
            >>> len(Vocabulary.parse(["robot arm", "@coco_panoptic"]))
            134
        """
        if isinstance(entries, str):
            raise VocabularyError(
                f"a vocabulary must be a list of strings; got a string, write [{quoted(entries)}]"
            )
        if len(entries) > MAX_CLASSES:
            raise VocabularyError(f"{len(entries)} classes are too many; use at most {MAX_CLASSES}")
        for entry in entries:
            if not isinstance(entry, str):
                raise VocabularyError(f"{quoted(entry)} is not a string; put every class in quotes")
        return cls(merge_entries([Entry(entry, _classes_of(entry)) for entry in entries]))


def load_vocabulary(name_or_path: str | Path) -> Vocabulary:
    """Load a vocabulary of the package by name, or a vocabulary file by path.

    A Path is a file, and so is a string with a path separator or the ending .json or .txt; `~` is the home
    folder. docs/vocabularies.md describes the formats. Raises VocabularyError that names the file, the place
    in it and the remedy.

    Example:
        >>> load_vocabulary("cityscapes_19").labels[:3]
        ('road', 'sidewalk', 'building')
    """
    if len(str(name_or_path)) > MAX_PATH_LENGTH:
        raise VocabularyError(
            f"{quoted(str(name_or_path))} is too long; use at most {MAX_PATH_LENGTH} characters"
        )
    path = Path(name_or_path)
    if isinstance(name_or_path, str) and not _is_file(name_or_path):
        known = sorted(p.stem for p in VOCABULARY_FOLDER.glob("*.json"))
        if name_or_path not in known:
            raise VocabularyError(f"unknown vocabulary @{name_or_path}; choose from: @{', @'.join(known)}")
        path = VOCABULARY_FOLDER / f"{name_or_path}.json"
    try:
        return Vocabulary(read_classes(path))
    except VocabularyError as error:
        raise VocabularyError(f"{path}: {error}") from error


def named_files(entries: Sequence[str]) -> tuple[str, ...]:
    """Return the paths among entries: what `Vocabulary.parse` looks for outside of the package.

    Example:
        >>> named_files(["mug", "@coco_panoptic", "@~/tools.txt"])
        ('~/tools.txt',)
    """
    names = [set_name(entry) for entry in entries]
    return tuple(name for name in names if name is not None and (_is_file(name) or _has_class_marks(name)))


def _is_file(name: str) -> bool:
    path = Path(name)
    return path.name != name or path.suffix in FILE_KINDS


def _has_class_marks(name: str) -> bool:
    return "," in name or "|" in name


def _classes_of(entry: str) -> tuple[VocabularyClass, ...]:
    name = set_name(entry)
    if name is None:
        return (VocabularyClass(*split_entry(entry)),)
    if _has_class_marks(name) and not os.path.isfile(os.path.expanduser(name)):
        raise VocabularyError(
            f"{quoted(entry)}: a set cannot have synonyms, |thing or |stuff; "
            f"write {quoted(re.split('[,|]', entry.strip())[0])} and put other classes into separate entries"
        )
    return load_vocabulary(name).classes


def _comparable(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").split())


def _plurals(name: str) -> Iterator[str]:
    """Yield possible English plurals of a name, by spelling rules only."""
    yield name + "s"
    if name.endswith(("s", "x", "z", "ch", "sh", "o")):
        yield name + "es"
    if name.endswith("y"):
        yield name[:-1] + "ies"
    if name.endswith("f"):
        yield name[:-1] + "ves"
    if name.endswith("fe"):
        yield name[:-2] + "ves"


def _check(classes: Sequence[VocabularyClass]) -> None:
    if not classes:
        raise VocabularyError("the vocabulary is empty; give at least one class, for example ['mug']")
    if len(classes) > MAX_CLASSES:
        raise VocabularyError(f"{len(classes)} classes are too many; use at most {MAX_CLASSES}")
    if (names := sum(len(c.names) for c in classes)) > MAX_NAMES:
        raise VocabularyError(
            f"{names} names in all classes are too many; use at most {MAX_NAMES}, with fewer synonyms"
        )
    owner: dict[str, str] = {}
    for c in classes:
        for name in c.names:
            if name.casefold() in owner:
                where = owner[name.casefold()]
                raise VocabularyError(f"{name!r} is a duplicate: class {where!r} has it, too; remove one")
            owner[name.casefold()] = c.names[0]
