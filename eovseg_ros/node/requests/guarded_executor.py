"""An executor that continues after an exception in a callback."""

import time
from collections.abc import Callable
from typing import Any

from rclpy.executors import ExternalShutdownException, ShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Task

from eovseg_ros.node.requests.fault_log import FaultLog

_SHUTDOWN = (ExternalShutdownException, ShutdownException)
_PAUSE = 0.1  # seconds; an error outside of callbacks may repeat at once


class GuardedExecutor(SingleThreadedExecutor):
    """Executes callbacks of a node; while the context is valid, exceptions are logged and ignored.

    In rclpy an exception in a callback leaves `spin_once`. One in taking a message or request, for example
    while it is deserialised, also leaves the subscription or service marked as busy, so that it is never
    called again. Both pass through `Executor._make_handler` (rclpy/executors.py), which this class overrides.
    """

    def __init__(self, node: Node, faults: FaultLog) -> None:
        super().__init__(context=node.context)
        self._faults = faults
        self.add_node(node)

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Wait for a callback and execute it."""
        try:
            super().spin_once(timeout_sec)
        except Exception as error:
            self._handle("the executor", error)
            time.sleep(_PAUSE)

    def _make_handler(self, entity: Any, node: Node, take_from_wait_list: Callable[[Any], Any]) -> Task:
        def take(taken: Any) -> Any:
            try:
                call = take_from_wait_list(taken)
            except Exception as error:
                self._handle(_place(entity), error)
                return None
            return call and guarded(call)

        def guarded(call: Callable[[], Any]) -> Callable[[], Any]:
            async def run() -> None:
                try:
                    await call()
                except Exception as error:
                    self._handle(_place(entity), error)

            return run

        return super()._make_handler(entity, node, take)

    def _handle(self, place: str, error: Exception) -> None:
        if isinstance(error, _SHUTDOWN) or not self.context.ok():
            raise error
        self._faults.report(place, error)


def _place(entity: Any) -> str:
    name = getattr(entity, "srv_name", "") or getattr(entity, "topic_name", "")
    return f"the {type(entity).__name__.lower()} {name}".strip()
