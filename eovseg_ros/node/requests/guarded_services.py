"""Services that answer every request, even if their callback fails."""

from collections.abc import Callable, Iterable
from typing import Any

from rclpy.executors import await_or_execute
from rclpy.service import Service

from eovseg_ros.node.requests.fault_log import FaultLog


def guard_services(services: Iterable[Service], faults: FaultLog) -> None:
    """Make services log an exception of their callback and answer with an empty response.

    For rclpy's own services, whose callbacks raise exceptions through `spin` for some requests. An empty
    response is valid, and a refusal if the service has a field for that.
    """
    for service in services:
        service.callback = _guarded(service, faults)


def _guarded(service: Service, faults: FaultLog) -> Callable[[Any, Any], Any]:
    callback = service.callback

    async def answer(request: Any, response: Any) -> Any:
        try:
            return await await_or_execute(callback, request, response)
        except Exception as error:
            faults.report(f"the service {service.srv_name}", error)
            return type(response)()

    return answer
