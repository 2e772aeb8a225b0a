"""Vocabulary files: JSON, and text with one class per line, `id:name,synonym,...`."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from .class_entry import VocabularyClass, VocabularyError, single_spaced, split_entry
from .limits import MAX_CLASSES, MAX_FILE_BYTES, quoted
from .regular_file import read_regular_file

FILE_KINDS = (".json", ".txt")
EXAMPLE = '{"source": "where from", "classes": [{"names": ["mug", "cup"], "thing": true}]}'
_MAX_ID_LENGTH = 20  # characters
PLACEHOLDER = ("invalid_class_id",)  # marks ids without a class in published text files


class Line(NamedTuple):
    """A class in a text file: line number, id, names as written, kind."""

    number: int
    id: int
    names: tuple[str, ...]
    is_thing: bool


def read_classes(path: Path) -> tuple[VocabularyClass, ...]:
    """Return the classes of a .json or .txt file in order; docs/vocabularies.md describes both formats.

    Raises VocabularyError that names the place in the file, but not the file.
    """
    if path.suffix not in FILE_KINDS:
        raise VocabularyError(f"a vocabulary file must end in {' or '.join(FILE_KINDS)}; rename it")
    try:
        text = read_regular_file(path.expanduser(), MAX_FILE_BYTES).decode("utf-8-sig")
        return _read_json(text) if path.suffix == ".json" else _read_text(text)
    except OSError as error:
        reason = error.strerror or str(error)
        raise VocabularyError(
            f"cannot read the file: {reason}; check the path and its permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise VocabularyError("not UTF-8 text; save the file as UTF-8") from error
    except RecursionError as error:
        raise VocabularyError(f"lists or objects are nested too deeply; expected {EXAMPLE}") from error
    except VocabularyError:
        raise
    except (MemoryError, RuntimeError, ValueError) as error:  # no home folder, a path with a NUL, no memory
        raise VocabularyError(f"cannot read the file: {type(error).__name__}: {error}") from error


def _read_json(text: str) -> tuple[VocabularyClass, ...]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise VocabularyError(
            f"line {error.lineno}: invalid JSON: {error.msg}; expected {EXAMPLE}"
        ) from error
    items = content.get("classes") if isinstance(content, dict) else None
    if not isinstance(items, list):
        raise VocabularyError(f'missing list "classes"; expected {EXAMPLE}')
    if len(items) > MAX_CLASSES:
        raise VocabularyError(f"{len(items)} classes are too many; use at most {MAX_CLASSES}")
    return tuple(_class_of(item, f"class {index}") for index, item in enumerate(items))


def _class_of(item: Any, place: str) -> VocabularyClass:
    if not isinstance(item, dict) or not item.keys() <= {"names", "thing"}:
        raise VocabularyError(
            f'{place}: {quoted(item)} is not a class; use only "names" and "thing", as in {EXAMPLE}'
        )
    names, is_thing = item.get("names"), item.get("thing", True)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise VocabularyError(f'{place}: "names" must be a list of strings, as in {EXAMPLE}')
    if not isinstance(is_thing, bool):
        raise VocabularyError(f'{place}: "thing" must be true or false; got {quoted(is_thing)}')
    return _placed(tuple(map(single_spaced, names)), is_thing, place)


def _read_text(text: str) -> tuple[VocabularyClass, ...]:
    numbered = enumerate(text.splitlines(), start=1)
    lines = [_line_of(content, number) for number, content in numbered if content.strip()]
    lines = sorted((line for line in lines if line.names != PLACEHOLDER), key=lambda line: line.id)
    for before, line in zip(lines, lines[1:], strict=False):
        if before.id == line.id:
            raise VocabularyError(
                f"line {line.number}: id {line.id} is already used in line {before.number}; change one"
            )
    return _without_repeats(lines)


def _line_of(content: str, number: int) -> Line:
    class_id, colon, entry = content.partition(":")
    if not colon or not class_id.strip().isdecimal() or len(class_id) > _MAX_ID_LENGTH:
        raise VocabularyError(
            f"line {number}: {content.strip()[:60]!r} must start with an id, as in {number}:name,synonym"
        )
    try:
        return Line(number, int(class_id), *split_entry(entry))
    except VocabularyError as error:
        raise VocabularyError(f"line {number}: {error}") from error


def _without_repeats(lines: list[Line]) -> tuple[VocabularyClass, ...]:
    """Keep every name once: in a class with no other name, else where it is first, else in the first line."""
    owner: dict[str, int] = {}
    sole = [line for line in lines if len(line.names) == 1]
    claims = [(line.number, line.names[:1]) for line in sole + lines]
    claims += [(line.number, line.names) for line in lines]
    for number, names in claims:
        for name in names:
            owner.setdefault(name.casefold(), number)
    return tuple(_class_of_line(line, owner) for line in lines)


def _class_of_line(line: Line, owner: dict[str, int]) -> VocabularyClass:
    own: dict[str, str] = {}
    for name in line.names:
        if owner[name.casefold()] == line.number:
            own.setdefault(name.casefold(), name)
    if not own:
        other = owner[line.names[0].casefold()]
        raise VocabularyError(f"line {line.number}: {line.names[0]!r} is already in line {other}; rename one")
    return _placed(tuple(own.values()), line.is_thing, f"line {line.number}")


def _placed(names: tuple[str, ...], is_thing: bool, place: str) -> VocabularyClass:
    try:
        return VocabularyClass(names, is_thing)
    except VocabularyError as error:
        raise VocabularyError(f"{place}: {error}") from error
