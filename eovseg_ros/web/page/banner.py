"""What keeps the node from showing pictures, and a button where one helps."""

from nicegui import ui

from eovseg_ros.web.page.buttons import button, text
from eovseg_ros.web.robot.node_state import Kind, NodeState
from eovseg_ros.web.robot.robot import Robot
from eovseg_ros.web.robot.service_calls import RequestFailed

_ACTIONS = {Kind.INACTIVE: "Activate", Kind.UNCONFIGURED: "Configure and activate"}


class Banner:
    """Invisible while the node is active."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._error = ""
        with ui.element("div").classes("banner").props("role=status") as self._box:
            self._text = text("p")
            self._button = button("Activate", self._activate)

    def show(self, state: NodeState) -> None:
        """Show a state, and why the last activation failed."""
        if state.kind not in _ACTIONS:
            self._error = ""
        self._box.set_visibility(state.kind is not Kind.ACTIVE)
        self._text.set_text(f"{state.text} {self._error}".strip())
        self._button.set_visibility(state.kind in _ACTIONS)
        self._button.set_text(_ACTIONS.get(state.kind, ""))

    async def _activate(self) -> None:
        self._error = ""
        try:
            await self._robot.activate()
        except RequestFailed as error:
            self._error = f"It did not work: {error}"
