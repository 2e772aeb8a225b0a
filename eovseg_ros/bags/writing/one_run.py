"""Files that only one run at a time works on."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from eovseg_ros.bags.errors import BagError


def claim(file: BinaryIO, doing: str) -> None:
    """Keep other runs from a file until it is closed; `doing` is what they would do meanwhile.

    Raises BagError if another run has it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BagError(f"another run is {doing}: wait for it, or choose another --out") from error
    except OSError:  # of a file system without locks
        pass


@contextlib.contextmanager
def claiming(path: Path, doing: str) -> Iterator[None]:
    """Keep other runs from a file in the block. Raises BagError as `claim`, and OSError."""
    with path.open("rb") as file:
        claim(file, doing)
        yield
