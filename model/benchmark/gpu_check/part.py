"""A part of the check, and what came of it."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["environment", "parity arrays", "parity", "agreement", "speed", "stages", "cameras", "threads"]
Status = Literal["ok", "failed", "stopped", "skipped", "unavailable"]

ENGINES = ("tensorrt_rtx", "tensorrt", "compile")  # backends that are built first
SECONDS = 60  # a part's share of an eight-minute check
ENGINE_SECONDS = 100  # instead, with an engine to build


@dataclass(frozen=True, kw_only=True)
class Part:
    """One measurement; variant, backend and precision are empty where they do not matter."""

    kind: Kind
    variant: str = ""
    backend: str = ""
    precision: str = ""
    tf32: bool = True  # False: NVIDIA's libraries are told to leave it off, whatever PyTorch asks for

    @property
    def title(self) -> str:
        """For example "speed, s, torch fp16"."""
        backend = f"{self.backend} {self.precision}".strip()
        return ", ".join(filter(None, (self.kind, self.variant, backend)))

    @property
    def share(self) -> float:
        """Seconds of an eight-minute check that the part may take."""
        return ENGINE_SECONDS if self.backend in ENGINES else SECONDS


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a part: a result if its status is "ok", else the reason."""

    part: Part
    status: Status
    reason: str = ""
    seconds: float = 0.0
    result: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)  # that were logged meanwhile

    @property
    def good(self) -> bool:
        """Whether nothing went wrong; a part that had no time or no backend did not."""
        return self.status != "failed" and self.result.get("within", True)

    def as_json(self) -> dict[str, Any]:
        """Return the part's fields and the outcome's as one dict."""
        rest = {"status": self.status, "reason": self.reason, "seconds": round(self.seconds, 2)}
        return asdict(self.part) | rest | {"warnings": self.warnings, "result": self.result}
