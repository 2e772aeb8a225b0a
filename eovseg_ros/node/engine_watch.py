"""What becomes of the engine that a backend builds in the background, told in the log."""

from rclpy.impl.rcutils_logger import RcutilsLogger


def engine_stage(backend_state: str) -> str:
    """First word of what a predictor says after "name precision: "; empty where there are no engines."""
    return backend_state.partition(": ")[2].replace(",", " ").partition(" ")[0]


class EngineWatch:
    """Log once that an engine is ready, or that its building failed."""

    def __init__(self, logger: RcutilsLogger) -> None:
        self._logger = logger
        self._stage = ""

    def look(self, backend_state: str) -> None:
        """Compare with what was so the last time."""
        stage = engine_stage(backend_state)
        if stage != self._stage and stage == "ready":
            self._logger.info(f"backend {backend_state}")
        if stage != self._stage and stage == "failed":
            self._logger.error(f"backend {backend_state}")
        self._stage = stage
