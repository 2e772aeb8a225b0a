"""Sliders for parameters, and the settings as text to copy."""

import math
import time

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from eovseg_ros.web.page.buttons import button, text
from eovseg_ros.web.page.copy_dialog import show_copies
from eovseg_ros.web.page.elements import SettingsElement
from eovseg_ros.web.robot.robot import Robot
from eovseg_ros.web.robot.service_calls import RequestFailed
from eovseg_ros.web.robot.settings import SLIDERS, VARIANTS_DEFAULT

_READ_PERIOD = 3.0  # seconds; other clients change parameters, too


class SettingsPanel:
    """Values come from the node, as it is the one that decides."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._values: dict[str, float] = {}
        self._errors: dict[str, str] = {}
        self._next_read = 0.0
        with ui.element("section").classes("card knobs").props('aria-labelledby="knobs"'):
            text("h2", "Settings").props("id=knobs")
            self._element = SettingsElement()
            button("Copy as commands or YAML", self._copy)
        self._element.on("change", self._change)

    def show(self, *, ready: bool) -> None:
        """Show the values; without `ready`, they cannot be changed."""
        if ready and time.monotonic() > self._next_read:
            self._next_read = math.inf  # a node that does not answer must not hold up the page
            background_tasks.create(self._read())
        sliders = [
            {
                **slider._asdict(),
                "value": self._values.get(slider.name),
                "has_default": slider.name == "overlap_threshold",
                "error": self._errors.get(slider.name, ""),
            }
            for slider in SLIDERS
        ]
        self._element.show(sliders=sliders, ready=ready)

    async def _read(self) -> None:
        try:
            self._values = await self._robot.read_settings()
        except RequestFailed:
            self._values = {}  # the banner says why
        self._next_read = time.monotonic() + _READ_PERIOD

    async def _change(self, event: GenericEventArguments) -> None:
        name, value = event.args
        if name not in {slider.name for slider in SLIDERS} or not isinstance(value, (int, float)):
            return
        self._errors.pop(name, None)
        try:
            await self._robot.change_setting(name, max(float(value), VARIANTS_DEFAULT))
        except RequestFailed as error:
            self._errors[name] = str(error)
        await self._read()
        self.show(ready=True)

    def _copy(self) -> None:
        show_copies(self._robot.name, self._robot.editor.entries, self._values)
