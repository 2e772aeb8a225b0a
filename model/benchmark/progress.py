"""How a measurement in a process of its own tells how far it is: a line of standard error a step."""

import sys
from collections.abc import Iterator

WARM_UP = 2  # the first call lays weights out, or waits for an engine
FRAMES_FOR_MEMORY = 3
_MARK = "step: "


def steps(repeats: int) -> int:
    """Steps of a case: the network and its frames, the comparison; then memory's network and frames."""
    return 1 + WARM_UP + repeats + 1 + 1 + FRAMES_FOR_MEMORY


def tell_step(text: str) -> None:
    """Say what starts now."""
    print(f"{_MARK}{text}", file=sys.stderr, flush=True)


def read_steps(lines: Iterator[str], other: list[str]) -> Iterator[str]:
    """The steps among the lines of standard error; what is none goes into other."""
    for line in lines:
        if line.startswith(_MARK):
            yield line.removeprefix(_MARK).strip()
        else:
            other.append(line.strip())
