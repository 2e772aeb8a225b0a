"""The services set_parameters and set_parameters_atomically, for any content of a request."""

import concurrent.futures
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.parameter import Parameter

from eovseg_ros.node.requests.fault_log import FaultLog
from eovseg_ros.node.requests.reasons import answerable
from eovseg_ros.node.requests.waiting import end_of

_MOST_PARAMETERS = 256  # per request; each takes time of the executor


class ParameterRequests:
    """Replaces both services of a node; every parameter is set or refused with a reason.

    `prepare` starts to read files that the new values name: the answer waits for the future that it returns,
    while the executor runs other callbacks. Then `validate` is called, before rclpy's checks. rclpy itself
    raises ValueError for an unknown type, and writes the type of a new value into the parameter's descriptor
    before it checks whether the value is allowed.
    """

    def __init__(
        self,
        node: Node,
        *,
        prepare: Callable[[Sequence[Parameter]], concurrent.futures.Future[Any] | None],
        validate: Callable[[Sequence[Parameter]], SetParametersResult],
        faults: FaultLog,
    ) -> None:
        self._node = node
        self._prepare = prepare
        self._validate = validate
        self._faults = faults
        self._changes: Counter[str] = Counter()  # of every parameter
        self._group = ReentrantCallbackGroup()  # another request may arrive while one waits for its files
        callbacks: dict[Any, Any] = {SetParameters: self._set, SetParametersAtomically: self._set_atomically}
        for service in node.services:
            if callback := callbacks.get(service.srv_type):
                service.callback = callback
                service.callback_group = self._group
                self._group.add_entity(service)

    async def _set(self, request: Any, response: Any) -> Any:
        """Set each parameter separately: refusing one does not affect the others."""
        if refusal := _refusal_of_too_many(request.parameters):
            response.results = [refusal] * len(request.parameters)
            return response
        for message in request.parameters:
            response.results.append(await self.set_together([message]))
        return response

    async def _set_atomically(self, request: Any, response: Any) -> Any:
        """Set all of the parameters or none."""
        refusal = _refusal_of_too_many(request.parameters)
        response.result = refusal or await self.set_together(request.parameters)
        return response

    async def set_together(self, messages: Sequence[ParameterMessage]) -> SetParametersResult:
        """Set all of the parameters or none, as a request to the node's services does."""
        try:
            for message in messages:
                if reason := self._fault_of(message):
                    return refused(reason)
            if len({message.name for message in messages}) < len(messages):
                return refused("a parameter is in the request twice: set each one once")
            parameters = [Parameter.from_parameter_msg(message) for message in messages]
            changes = self._changes.copy()
            if preparation := self._prepare(parameters):
                await end_of(preparation, self._node)  # `validate` handles its errors
            for parameter in parameters:
                if self._changes[parameter.name] != changes[parameter.name]:
                    return refused(f"a newer request has set '{parameter.name}' in the meantime")
            result = self._validate(parameters)
            if result.successful:
                result = self._node.set_parameters_atomically(parameters)
            if not result.successful:
                return refused(result.reason)
            self._changes.update(parameter.name for parameter in parameters)
            return result
        except Exception as error:
            if not self._node.context.ok():
                raise
            self._faults.report("a request to set parameters", error)
            return refused(f"{type(error).__name__}: {error}")

    def _fault_of(self, message: ParameterMessage) -> str:
        """Return why rclpy could not handle a parameter; empty if it can."""
        name, kind = message.name, message.value.type
        if not self._node.has_parameter(name):
            return f"no parameter is named {name[:80]!r}: `ros2 param list` lists all parameters"
        if kind not in {known.value for known in Parameter.Type}:
            return (
                f"'{name}' has a value of type {kind}, which rcl_interfaces/msg/ParameterType does not have"
            )
        if kind == Parameter.Type.NOT_SET.value:
            return f"'{name}' has no value: parameters of this node cannot be deleted"
        if name == "use_sim_time" and kind != Parameter.Type.BOOL.value:
            return "'use_sim_time' must be true or false"
        return ""


def refused(reason: str) -> SetParametersResult:
    """Return an unsuccessful result; the reason is shortened and made valid UTF-8."""
    return SetParametersResult(successful=False, reason=answerable(reason))


def _refusal_of_too_many(messages: Sequence[ParameterMessage]) -> SetParametersResult | None:
    if len(messages) <= _MOST_PARAMETERS:
        return None
    return refused(
        f"the request has {len(messages)} parameters, more than {_MOST_PARAMETERS}: send several requests"
    )
