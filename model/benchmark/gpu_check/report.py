"""The outcomes of all parts so far."""

import math
import time
from dataclasses import asdict
from typing import Any

from ...evaluation import TABLE_1
from .part import Outcome
from .setting import Setting
from .tables import tables

FORMAT = 1  # of the JSON
PAPER = "frames per second on an RTX 3090, ADE20K (150 classes), table 1"
NOTE = """\
Weights, pictures and text are made up, with fixed seeds. Masks cover parts of the picture, and fusion
processes nearly all of them, which is its worst case. Otherwise speed hardly depends on the weights."""


class Report:
    """Outcomes in the order of the parts."""

    def __init__(self, *, setting: Setting, minutes: float, planned: int) -> None:
        """Args: planned is the number of parts."""
        self.outcomes: list[Outcome] = []
        self._setting = setting
        self._minutes = minutes
        self._planned = planned
        self._date = time.strftime("%Y-%m-%d %H:%M:%S %z")
        self._start = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        """Add the outcome of the next part."""
        self.outcomes.append(outcome)

    @property
    def finished(self) -> bool:
        """Whether every part has an outcome."""
        return len(self.outcomes) == self._planned

    @property
    def good(self) -> bool:
        """Whether no part failed and no comparison was out of bounds."""
        return all(outcome.good for outcome in self.outcomes)

    def as_json(self) -> dict[str, Any]:
        """Return everything that was measured."""
        rates = {variant: row.frames_per_second for variant, row in TABLE_1.items()}
        return {
            "format": FORMAT,
            "date": self._date,
            "minutes": self._minutes,
            "seconds": round(time.monotonic() - self._start, 1),
            "finished": self.finished,
            "good": self.good,
            "setting": asdict(self._setting) | {"input_size": self._setting.input_size},
            "paper": {"source": PAPER, "frames_per_second": rates},
            "parts": [_finite(outcome.as_json()) for outcome in self.outcomes],
        }

    def as_markdown(self) -> str:
        """Return the tables, and why what is missing was not measured."""
        seconds = time.monotonic() - self._start
        numbers = [f"{len(self.outcomes)} of {self._planned} parts in {seconds:.0f} s"]
        for status in ("failed", "stopped", "skipped", "unavailable"):
            if count := sum(outcome.status == status for outcome in self.outcomes):
                numbers.append(f"{count} {status}")
        if beyond := sum(not outcome.result.get("within", True) for outcome in self.outcomes):
            numbers.append(f"{beyond} out of bounds")
        height, width = self._setting.picture
        input_height, input_width = self._setting.input_size
        size = (
            f"Camera and result: {width}x{height}. Input of the network: {input_width}x{input_height}. "
            f"{self._setting.classes} classes."
        )
        head = ["# eovseg gpu-check", f"{self._date}: {', '.join(numbers)}.", size, NOTE]
        return "\n\n".join([*head, *tables(self.outcomes, PAPER)]) + "\n"


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
