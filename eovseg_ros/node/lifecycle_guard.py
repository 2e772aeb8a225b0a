"""A lifecycle node that answers requests during transitions, and that no request can end."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from lifecycle_msgs.srv import ChangeState
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.exceptions import InvalidHandle
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.task import Future

from eovseg_ros.node.requests.fault_log import FaultLog
from eovseg_ros.node.requests.guarded_services import guard_services

Result = TypeVar("Result")


class GuardedLifecycleNode(LifecycleNode):
    """Transitions are coroutines: `await node.trigger_configure()`. Invalid requests are refused.

    In rclpy a transition is a plain function, and the executor answers no requests until it returns.
    Here `run_transition` may `await self.in_background(slow)`, and other callbacks run meanwhile. The
    service, `trigger_configure` and its like all call the private methods `LifecycleNodeMixin.__change_state`
    and `__on_change_state` (rclpy/lifecycle/node.py), so this class overrides them by their mangled names.

    `__change_state` also passes the transition id of a request on to rcl, whatever it is. For one that is not
    registered rcl raises RCLError "Transition is not registered", which leaves `spin` and ends the node:
    https://github.com/ros2/rclpy/issues/1209. The fix, https://github.com/ros2/rclpy/pull/1319, is not in
    rclpy 7.1.6 (Jazzy).
    """

    def __init__(self, name: str, *, parameter_overrides: list[Parameter]) -> None:
        super().__init__(name, parameter_overrides=parameter_overrides)
        self.faults = FaultLog(self.get_logger())
        guard_services(self.services, self.faults)
        self._transition_started: float | None = None  # monotonic clock; None: no transition in progress
        # The answer to one request may wait; a separate group allows others to be answered.
        self._service_change_state.callback_group = ReentrantCallbackGroup()
        self._service_change_state.callback_group.add_entity(self._service_change_state)

    def destroy_node(self) -> None:
        """Also leave the graph: rclpy's lifecycle node stays there until it is garbage-collected."""
        super().destroy_node()
        self._state_machine.destroy_when_not_in_use()

    @property
    def lifecycle_state(self) -> int:
        """The primary or transition state, a constant of lifecycle_msgs/State."""
        return self._state_machine.current_state[0]

    async def run_transition(self, state: int) -> bool:
        """Run the transition of a state such as State.TRANSITION_STATE_CONFIGURING; False if it failed."""
        raise NotImplementedError

    async def in_background(self, work: Callable[[], Result]) -> Result:
        """Run `work` in a thread without blocking callbacks; return its result or raise its exception."""
        executor, future = self.executor, Future()
        assert executor

        def run() -> None:
            try:
                future.set_result(work())
            except Exception as error:
                future.set_exception(error)
            try:
                executor.wake()
            except InvalidHandle:  # the node has ended
                pass

        # A daemon, because it may still run when the process must end.
        threading.Thread(target=run, name="transition", daemon=True).start()
        return await future

    async def _LifecycleNodeMixin__change_state(self, transition_id: int) -> TransitionCallbackReturn:
        possible = {number: name for number, name, *_ in self._state_machine.available_transitions}
        if self._transition_started is not None:
            seconds = time.monotonic() - self._transition_started
            return self._refuse(
                transition_id, f"is in progress for {seconds:.1f} s; ask again when it is over"
            )
        if transition_id not in possible:
            there_are = ", ".join(f"{number} ({name})" for number, name in possible.items())
            return self._refuse(transition_id, f"has only {there_are or 'none'}")
        self._transition_started = time.monotonic()
        try:
            self._state_machine.trigger_transition_by_id(transition_id, True)
            succeeded = await self.run_transition(self.lifecycle_state)
            code = TransitionCallbackReturn.SUCCESS if succeeded else TransitionCallbackReturn.FAILURE
            self._state_machine.trigger_transition_by_label(code.to_label(), True)
        finally:
            self._transition_started = None
        return code

    async def _LifecycleNodeMixin__on_change_state(
        self, request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        number = request.transition.id
        if label := request.transition.label:
            numbers = {name: number for number, name, *_ in self._state_machine.available_transitions}
            number = numbers.get(label, label)
        code = await self._LifecycleNodeMixin__change_state(number)
        response.success = code == TransitionCallbackReturn.SUCCESS
        return response

    def _refuse(self, transition: int | str, reason: str) -> TransitionCallbackReturn:
        state = self._state_machine.current_state[1]
        self.get_logger().warning(f"refused transition {transition}: state '{state}' {reason}")
        return TransitionCallbackReturn.FAILURE
