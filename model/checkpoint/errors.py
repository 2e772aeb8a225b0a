"""What is wrong with a file of weights."""


class CheckpointError(ValueError):
    """Raised for a weights file that cannot be used; the message names the first keys that do not fit."""
