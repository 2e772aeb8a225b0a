"""What to do about a node in a state in which it cannot do what a request asks for."""

from eovseg_ros.node.lifecycle_guard import GuardedLifecycleNode
from eovseg_ros.node.reporting.node_status import NodeState


def why_not_ready(node: GuardedLifecycleNode) -> str:
    """Return why the node has no model, or is between two states, and what to do."""
    state = NodeState(node.lifecycle_state)
    if state is NodeState.UNCONFIGURED:
        name = node.get_fully_qualified_name()
        return f"the node is not configured: `ros2 lifecycle set {name} configure` loads the model"
    if state is NodeState.FINALIZED:
        return "the node was shut down for good: start it again"
    return f"the node is {state.words}: call again when that is over"
