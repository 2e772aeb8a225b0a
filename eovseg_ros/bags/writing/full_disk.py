"""What to say if there is no space for results."""

import contextlib
import errno
from collections.abc import Iterator

from eovseg_ros.bags.errors import DiskFull

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def saying_full_disk(doing: str) -> Iterator[None]:
    """Raise DiskFull for an OSError of a full disk or quota in the block; `doing` says what it does."""
    try:
        yield
    except OSError as error:
        if not is_of_full_disk(error):
            raise
        raise DiskFull(
            f"no space left on the disk while {doing}: free some and run the same command again, which "
            "continues"
        ) from error


def is_of_full_disk(error: OSError) -> bool:
    """Whether the disk or the quota is full."""
    return error.errno in _NO_SPACE
