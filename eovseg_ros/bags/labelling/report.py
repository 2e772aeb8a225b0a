"""What became of a bag."""

import dataclasses
import enum
from dataclasses import dataclass, field
from typing import Any

_MOST_REASONS = 20  # different ones that are counted each; texts of bags may be of any kind
_OTHERS = "other reasons"


class Status(enum.StrEnum):
    """How a bag ended."""

    LABELLED = "labelled"
    SKIPPED = "skipped"  # it was finished before
    INCOMPLETE = "incomplete"  # the bag breaks off; results are complete up to there
    FAILED = "failed"


@dataclass
class Counts:
    """Numbers of images; skipped and without_depth by reason."""

    frames: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    without_depth: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return all numbers by name."""
        return dataclasses.asdict(self)


@dataclass
class BagReport:
    """A bag, its file of results, and what became of both; error says why it failed or breaks off."""

    bag: str
    output: str
    status: Status
    error: str = ""
    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0  # of this run
    exports: list[str] = field(default_factory=list)  # files and folders beside the output

    @property
    def fine(self) -> bool:
        """Whether nothing was lost."""
        return self.status in (Status.LABELLED, Status.SKIPPED) and not self.error and not self.counts.skipped

    def as_dict(self) -> dict[str, Any]:
        """Return all values by name."""
        counts = self.counts.as_dict()
        return {
            "bag": self.bag,
            "output": self.output,
            "status": str(self.status),
            "error": self.error,
            "seconds": round(self.seconds, 3),
            "exports": self.exports,
            **counts,
        }


def count_reason(reasons: dict[str, int], reason: str) -> None:
    """Add one to a reason."""
    if reason not in reasons and len(reasons) >= _MOST_REASONS:
        reason = _OTHERS
    reasons[reason] = reasons.get(reason, 0) + 1
