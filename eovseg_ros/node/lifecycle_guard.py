"""A lifecycle node that survives a request for a transition which its state does not have."""

from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn


class GuardedLifecycleNode(LifecycleNode):
    """Refuse such a transition, log which ones there are and stay in the state.

    In rclpy, `LifecycleNodeMixin.__change_state` (rclpy/lifecycle/node.py) passes the transition id of a
    `change_state` request on to rcl, whatever it is. For one that is not registered rcl raises RCLError
    "Transition is not registered", which leaves `spin` and ends the node:
    https://github.com/ros2/rclpy/issues/1209. The fix, https://github.com/ros2/rclpy/pull/1319, is not in
    rclpy 7.1.6 (Jazzy). The service, `trigger_configure` and its like all call that one private method, so
    this class overrides it by its mangled name.
    """

    def _LifecycleNodeMixin__change_state(self, transition_id: int) -> TransitionCallbackReturn:
        possible = {number: name for number, name, *_ in self._state_machine.available_transitions}
        if transition_id in possible:
            return super()._LifecycleNodeMixin__change_state(transition_id)  # type: ignore[misc]  # mangled
        there_are = ", ".join(f"{number} ({name})" for number, name in possible.items())
        self.get_logger().warning(
            f"refused transition {transition_id}: state '{self._state_machine.current_state[1]}' "
            f"has only {there_are or 'none'}"
        )
        return TransitionCallbackReturn.FAILURE
