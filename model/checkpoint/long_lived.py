"""Memory of weights, kept apart from that of what comes and goes with every frame."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # glibc's numbers for mallopt
LARGE = 2**20  # bytes
USUAL = 2**25  # what the threshold comes to by itself where large tensors are freed


@contextmanager
def long_lived_tensors() -> Iterator[None]:
    """Large tensors that are made inside get pages of their own, which go when they do.

    Elsewhere the C library keeps what is freed, as that is fast for what is made again in the next frame;
    weights that are replaced by ones of another layout would leave holes between them. glibc only: with
    another C library nothing changes.
    """
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
