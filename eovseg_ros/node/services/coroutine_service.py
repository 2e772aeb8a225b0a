"""Services whose callback is a coroutine, so that the executor answers others while one waits."""

from collections.abc import Awaitable, Callable
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.qos import QoSProfile
from rclpy.service import Service

from eovseg_ros.node.lifecycle_guard import GuardedLifecycleNode
from eovseg_ros.node.requests.reasons import answerable

_QOS = QoSProfile(depth=100)  # requests beyond it are lost; the default of services is 10


class RequestRefused(Exception):
    """Raised to answer a request without success; the message says why and what to do."""


def create_coroutine_service(
    node: GuardedLifecycleNode, kind: Any, name: str, answer: Callable[[Any], Awaitable[Any]]
) -> Service:
    """Create a service that answers with what `await answer(request)` returns, or with its refusal.

    Responses of the type `kind` have the fields `success` and `message`. An unexpected exception is logged
    and is the message of the answer.
    """

    async def callback(request: Any, _: Any) -> Any:
        try:
            response = await answer(request)
        except RequestRefused as refusal:
            response = kind.Response(success=False, message=answerable(str(refusal)))
        except Exception as error:
            if not node.context.ok():
                raise
            node.faults.report(f"the service {service.service_name}", error)
            response = kind.Response(success=False, message=answerable(f"{type(error).__name__}: {error}"))
        return response

    # Its own group: requests must not wait for each other, nor for other callbacks.
    group = ReentrantCallbackGroup()
    service = node.create_service(kind, name, callback, qos_profile=_QOS, callback_group=group)
    return service
