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
        if error.errno not in _NO_SPACE:
            raise
        raise DiskFull(
            f"no space left on the disk while {doing}: free some and run the same command again, which "
            "continues"
        ) from error
