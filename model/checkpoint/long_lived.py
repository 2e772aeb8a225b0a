"""Allocate weights apart from the buffers of single frames."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # glibc's option numbers for mallopt
LARGE = 2**20  # bytes
USUAL = 2**25  # the value that glibc's dynamic threshold reaches once large tensors are freed
_enabled = False


def enable_malloc_options() -> None:
    """Let `long_lived_tensors` change malloc's options, which hold for the whole process.

    The programs of this project call it first. A program that only uses the library keeps its own options
    unless it calls this, too.
    """
    global _enabled
    _enabled = True


@contextmanager
def long_lived_tensors() -> Iterator[None]:
    """Allocate large tensors in their own pages inside this context, so that freeing them returns the memory.

    Otherwise glibc keeps freed memory, which is fast for buffers that are allocated again in the next frame,
    but fragments the heap when weights are replaced by ones of another layout. Does nothing with other C
    libraries, and before `enable_malloc_options`.
    """
    if not _enabled:
        yield
        return
    _set_threshold(LARGE)
    try:
        yield
    finally:
        _set_threshold(USUAL)


def _set_threshold(size: int) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(MMAP_THRESHOLD, size)
        mallopt(TRIM_THRESHOLD, 2 * USUAL)
