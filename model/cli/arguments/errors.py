"""The error that ends a command with one line instead of a traceback."""


class CommandError(Exception):
    """Raised for a user error; the message states the problem and its remedy."""
