"""The errors of recordings."""


class BagError(Exception):
    """Raised if a bag cannot be read or labelled; the message says why."""


class BrokenMessage(ValueError):
    """Raised for a message whose bytes are not of its type."""


class UsageError(Exception):
    """Raised if the arguments do not fit together or the bags; the message says what to do."""


class DiskFull(Exception):
    """Raised if results cannot be written for want of space; what is complete is kept."""
