"""Progress of a measurement in a separate process: one line on stderr per step."""

import sys
from collections.abc import Iterator

WARM_UP = 2  # the first call converts weights or waits for an engine
FRAMES_FOR_MEMORY = 3
_MARK = "step: "


def steps(repeats: int) -> int:
    """Return the steps of a case: network, frames and comparison; then network and frames for the memory."""
    return 1 + WARM_UP + repeats + 1 + 1 + FRAMES_FOR_MEMORY


def tell_step(text: str) -> None:
    """Report the start of a step."""
    print(f"{_MARK}{text}", file=sys.stderr, flush=True)


def read_steps(lines: Iterator[str], other: list[str]) -> Iterator[str]:
    """Yield the steps in the lines of stderr; append other lines to other."""
    for line in lines:
        if line.startswith(_MARK):
            yield line.removeprefix(_MARK).strip()
        else:
            other.append(line.strip())
