"""Limits of vocabularies, and of what a message quotes."""

MAX_CLASSES = 4096
MAX_SYNONYMS = 64  # of a class
MAX_NAMES = 16_384  # of all classes
MAX_NAME_LENGTH = 80  # characters
MAX_PATH_LENGTH = 4096  # characters, as in Linux
MAX_FILE_BYTES = 4_000_000

_QUOTED = 200  # characters


def quoted(value: object) -> str:
    """Return the repr of a value, shortened if it is long."""
    text = repr(value[:_QUOTED] if isinstance(value, str) else value)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."
