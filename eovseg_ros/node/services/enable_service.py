"""The service ~/enable."""

from rclpy.lifecycle import TransitionCallbackReturn
from std_srvs.srv import SetBool

from eovseg_ros.node.lifecycle_guard import GuardedLifecycleNode
from eovseg_ros.node.reporting.node_status import NodeState
from eovseg_ros.node.services.coroutine_service import RequestRefused, create_coroutine_service
from eovseg_ros.node.services.node_states import why_not_ready


class EnableService:
    """Activates and deactivates the node; the model stays loaded."""

    def __init__(self, node: GuardedLifecycleNode) -> None:
        self._node = node
        create_coroutine_service(node, SetBool, "~/enable", self._answer)

    async def _answer(self, request: SetBool.Request) -> SetBool.Response:
        wanted = NodeState.ACTIVE if request.data else NodeState.INACTIVE
        state = self._node.lifecycle_state
        if state == wanted:
            return SetBool.Response(success=True, message=f"the node was {wanted.words} already")
        if state not in (NodeState.ACTIVE, NodeState.INACTIVE):
            raise RequestRefused(why_not_ready(self._node))
        change = self._node.trigger_activate if request.data else self._node.trigger_deactivate
        if await change() != TransitionCallbackReturn.SUCCESS:
            raise RequestRefused(f"the node did not become {wanted.words}: see its log")
        return SetBool.Response(success=True, message=f"the node is {wanted.words}")
