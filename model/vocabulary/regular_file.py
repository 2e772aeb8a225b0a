"""Reading a file that a user named, whatever is there."""

import errno
import os
import stat
from pathlib import Path


def read_regular_file(path: Path, max_bytes: int) -> bytes:
    """Read a regular file, or a link to one; OSError for anything else and for more than max_bytes.

    Pipes and devices are not opened: the former wait for a writer, the latter may act on it.
    """
    _check_regular(os.stat(path))
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:
        _check_regular(os.fstat(file.fileno()))  # it may be another one by now
        content = file.read(max_bytes + 1)
    if content is None:  # some files in /proc and /sys wait like pipes
        raise OSError(errno.EAGAIN, "it has no content at the moment")
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"it has more than {max_bytes // 10**6} MB")
    return content


def _check_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
