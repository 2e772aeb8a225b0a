"""Texts of answers."""

_MOST_CHARACTERS = 2000


def answerable(reason: str) -> str:
    """Return a reason as valid UTF-8 of at most 2000 characters."""
    text = reason if len(reason) <= _MOST_CHARACTERS else f"{reason[:_MOST_CHARACTERS]}..."
    return text.encode("utf-8", "replace").decode()
