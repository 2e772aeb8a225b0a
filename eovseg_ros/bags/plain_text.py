"""Texts of libraries and file systems as messages and files can have them."""


def reason_of(error: BaseException) -> str:
    """Return what an error says on one line, with its type if the text alone would not be a sentence.

    Example:
        >>> reason_of(ValueError("chunk 3 is too short")), reason_of(KeyError(3))
        ('chunk 3 is too short', 'KeyError: 3')
        >>> reason_of(FileNotFoundError(2, "No such file or directory", "a/b"))
        'a/b: No such file or directory'
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = " ".join(str(error).split()).rstrip(".")
    return text if " " in text else f"{type(error).__name__}: {text or 'no reason given'}"


def valid(text: str) -> str:
    """Return a text that UTF-8 can have: names of files may be of any bytes.

    Example:
        >>> valid("run\\udcff")
        'run\\\\udcff'
    """
    return text.encode("utf-8", "backslashreplace").decode()
