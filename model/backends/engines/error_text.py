"""An exception as one line."""

from ..names import BackendError


def error_text(error: BaseException) -> str:
    """Return the first line of an exception's message, after its type unless it is a BackendError."""
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else "no details"
    return reason if isinstance(error, BackendError) else f"{type(error).__name__}: {reason}"
