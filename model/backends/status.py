"""Snapshot of a backend's state."""

import enum
from dataclasses import dataclass


class EngineStage(enum.Enum):
    """State of the engine for the last frame."""

    NONE = "none"  # the backend builds no engines
    WAITING = "waiting"  # for the first frame, whose size determines the engine
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"  # during build, loading or a run
    TOO_LARGE = "too large"  # the vocabulary has more names than any engine holds


@dataclass(frozen=True, kw_only=True)
class BackendStatus:
    """A backend, its engine for the last frame, and the backend that runs the frames now.

    Example:
        >>> status = BackendStatus(
        ...     backend="openvino", precision="bf16", serving="openvino", stage=EngineStage.READY
        ... )
        >>> print(status)
        openvino bf16: engine ready
    """

    backend: str  # "torch", "openvino", ...
    precision: str  # "fp32", "bf16", ...
    serving: str  # backend that runs the frames now: this one or "torch"; empty if frames wait or fail
    stage: EngineStage = EngineStage.NONE
    build_seconds: float = 0.0  # duration of the build so far, or of the completed build; 0 without an engine
    error: str = ""  # why the engine failed

    @property
    def title(self) -> str:
        """Backend and precision."""
        return f"{self.backend} {self.precision}"

    def __str__(self) -> str:
        if self.stage is EngineStage.NONE:
            return self.title
        sentence = {
            EngineStage.WAITING: "engine will be built for the first frame",
            EngineStage.BUILDING: f"engine building for {self.build_seconds:.0f} s",
            EngineStage.READY: "engine ready",
            EngineStage.FAILED: f"engine failed: {self.error}",
            EngineStage.TOO_LARGE: "the vocabulary has more names than any engine holds",
        }[self.stage]
        if self.stage in (EngineStage.FAILED, EngineStage.TOO_LARGE, EngineStage.BUILDING):
            other = "is used instead" if self.stage is not EngineStage.BUILDING else "is used meanwhile"
            sentence += f"; {self.serving} {other}" if self.serving else ""
        return f"{self.title}: {sentence}"
