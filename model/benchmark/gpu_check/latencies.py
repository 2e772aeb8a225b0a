"""Measure a call again and again."""

import math
import time
from collections.abc import Callable, Sequence

from .setting import Setting

WARM_UP = 10  # calls, at most
FEWEST = 3  # calls that are measured however long they take


def latencies(call: Callable[[], object], setting: Setting) -> list[float]:
    """Return milliseconds of each call, without the first ones, which warm up.

    The call must wait for what it starts on a GPU.
    """
    _repeat(call, WARM_UP, setting.seconds / 4, fewest=1)
    return _repeat(call, setting.frames, setting.seconds, fewest=FEWEST)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that is not exceeded by this share of the values.

    Example:
        >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5)
        2.0
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _repeat(call: Callable[[], object], most: int, seconds: float, *, fewest: int) -> list[float]:
    spent: list[float] = []
    end = time.perf_counter() + seconds
    while len(spent) < fewest or (len(spent) < most and time.perf_counter() < end):
        start = time.perf_counter()
        call()
        spent.append(1e3 * (time.perf_counter() - start))
    return spent
