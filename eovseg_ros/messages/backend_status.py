"""Conversions between BackendStatus and eovseg_ros/Status."""

from eovseg_model.backends import BackendStatus, EngineStage
from eovseg_ros.msg import Status

_NUMBERS = {
    EngineStage.NONE: Status.ENGINE_NONE,
    EngineStage.WAITING: Status.ENGINE_WAITING,
    EngineStage.BUILDING: Status.ENGINE_BUILDING,
    EngineStage.READY: Status.ENGINE_READY,
    EngineStage.FAILED: Status.ENGINE_FAILED,
    EngineStage.TOO_LARGE: Status.ENGINE_TOO_LARGE,
}
_STAGES = {number: stage for stage, number in _NUMBERS.items()}


def write_backend_status(message: Status, status: BackendStatus) -> None:
    """Set the fields of the backend and its engine."""
    message.backend = status.backend
    message.precision = status.precision
    message.serving = status.serving
    message.engine_stage = _NUMBERS[status.stage]
    message.engine_seconds = status.build_seconds
    message.engine_error = status.error


def read_backend_status(message: Status) -> BackendStatus | None:
    """Return the backend of a status message, or None if the node is not configured."""
    if not message.backend:
        return None
    return BackendStatus(
        backend=message.backend,
        precision=message.precision,
        serving=message.serving,
        stage=_STAGES[message.engine_stage],
        build_seconds=message.engine_seconds,
        error=message.engine_error,
    )
