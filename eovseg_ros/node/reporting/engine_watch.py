"""Log messages about the engine that a backend builds in the background."""

from rclpy.impl.rcutils_logger import RcutilsLogger

from eovseg_model.backends import BackendStatus, EngineStage


class EngineWatch:
    """Logs once that an engine is ready or failed."""

    def __init__(self, logger: RcutilsLogger) -> None:
        self._logger = logger
        self._stage = EngineStage.NONE

    def look(self, status: BackendStatus | None) -> None:
        """Log if the stage has changed since the last call."""
        stage = status.stage if status else EngineStage.NONE
        if stage is not self._stage and stage is EngineStage.READY:
            self._logger.info(f"backend {status}")
        if stage is not self._stage and stage is EngineStage.FAILED:
            self._logger.error(f"backend {status}")
        self._stage = stage
