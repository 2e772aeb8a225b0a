"""What ends a command with one line instead of a traceback."""


class CommandError(Exception):
    """A mistake of the user or of their files; the message says what is wrong and what to do."""
