"""Numbers on the command line."""

import argparse
import math
from collections.abc import Callable


def number(low: float, high: float = math.inf) -> Callable[[str], float]:
    """Return what reads a finite number of an argument, from low to high."""

    def read(text: str) -> float:
        value = float(text)
        if not (low <= value <= high and math.isfinite(value)):
            raise argparse.ArgumentTypeError(f"must be {_range(low, high)}, got {text}")
        return value

    read.__name__ = "number"  # argparse names it
    return read


def whole_number(low: int) -> Callable[[str], int]:
    """Return what reads a whole number of an argument, from low on."""

    def read(text: str) -> int:
        value = int(text)
        if value < low:
            raise argparse.ArgumentTypeError(f"must be at least {low}, got {text}")
        return value

    read.__name__ = "whole number"
    return read


def _range(low: float, high: float) -> str:
    if math.isfinite(high):
        return f"at least {low:g} and at most {high:g}"
    return f"a finite number, at least {low:g}"
