"""The line above everything: the node, its state and its numbers."""

import math

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from eovseg_ros.messages import read_backend_status
from eovseg_ros.msg import CameraStatus, Status
from eovseg_ros.web.page.buttons import button, text
from eovseg_ros.web.robot.node_state import Kind, NodeState

_THEMES = {"auto": None, "dark": True, "light": False}


class Header:
    """Shows rate, latency, drops and backend of the camera that is looked at."""

    def __init__(self, name: str) -> None:
        with ui.element("header"):
            with ui.element("div").classes("title"):
                text("h1", "EOV-Seg")
                text("span", name).classes("node")
                self._state = text("span").classes("state")
            with ui.element("dl").classes("facts"):
                self._facts = {title: _fact(title) for title in ("rate", "latency", "dropped", "backend")}
            self._theme = ui.dark_mode(None)
            self._switch = button("Theme: auto", self._next_theme).classes("theme")

    def show(self, state: NodeState, status: Status | None, camera: CameraStatus | None) -> None:
        """Show numbers; dashes where there are none."""
        self._state.set_text(state.kind.value)
        self._state.classes(replace=f"state {state.kind.name.lower()}")
        here = status is not None and state.kind is not Kind.MISSING
        active = camera is not None and here and state.kind in (Kind.ACTIVE, Kind.SILENT)
        values = dict.fromkeys(self._facts, "–")
        if active and camera:
            values["rate"] = f"{camera.rate_out:.1f} of {camera.rate_in:.1f} Hz"
            if math.isfinite(camera.latency_p50):
                values["latency"] = f"{camera.latency_p50:.0f} ms"
            values["dropped"] = f"{camera.replaced}"
        if here and status and (backend := read_backend_status(status)):
            values["backend"] = f"{backend} on {status.device}"
        for title, value in values.items():
            self._facts[title].set_text(value)

    def _next_theme(self) -> None:
        names = list(_THEMES)
        chosen = names[(list(_THEMES.values()).index(self._theme.value) + 1) % len(names)]
        self._theme.set_value(_THEMES[chosen])
        self._switch.set_text(f"Theme: {chosen}")


def _fact(title: str) -> TextElement:
    with ui.element("div"):
        text("dt", title)
        return text("dd", "–").classes(title)
