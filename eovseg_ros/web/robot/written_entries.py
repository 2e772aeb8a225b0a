"""Vocabulary entries as text: `mug,cup`, `floor|stuff`, `@coco_panoptic`."""

from eovseg_model.vocabulary import VOCABULARY_FOLDER

_STUFF, _THING = "|stuff", "|thing"


def is_set(entry: str) -> bool:
    """Return whether an entry stands for all classes of a named vocabulary or a file."""
    return entry.startswith(("@", "set="))


def is_stuff(entry: str) -> bool:
    """Return whether an entry is a class of stuff."""
    return not is_set(entry) and entry.strip().endswith(_STUFF)


def names_of(entry: str) -> str:
    """Return an entry without its kind."""
    return entry.strip().removesuffix(_STUFF).removesuffix(_THING)


def with_kind(entry: str, *, stuff: bool) -> str:
    """Return a class as stuff or as a thing; a set as it is.

    Example:
        >>> with_kind("floor,ground", stuff=True), with_kind("floor,ground|stuff", stuff=False)
        ('floor,ground|stuff', 'floor,ground')
    """
    return entry if is_set(entry) else names_of(entry) + (_STUFF if stuff else "")


def presets() -> list[str]:
    """Return the entries for all named vocabularies, @default first."""
    return ["@default", *sorted(f"@{path.stem}" for path in VOCABULARY_FOLDER.glob("*.json"))]
