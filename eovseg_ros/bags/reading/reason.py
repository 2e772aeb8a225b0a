"""Errors of libraries in a line of text."""


def reason_of(error: BaseException) -> str:
    """Return what an error says on one line, with its type if the text alone would not be a sentence.

    Example:
        >>> reason_of(ValueError("chunk 3 is too short")), reason_of(KeyError(3))
        ('chunk 3 is too short', 'KeyError: 3')
    """
    text = " ".join(str(error).split()).rstrip(".")
    return text if " " in text else f"{type(error).__name__}: {text or 'no reason given'}"
