"""The components in JavaScript as elements."""

from pathlib import Path
from typing import Any

from nicegui.element import Element

_FOLDER = Path(__file__).parent / "components"


class Component(Element):
    """An element whose properties are sent to the browser only if they change."""

    def show(self, **values: Any) -> None:
        """Set properties."""
        changed = {name: value for name, value in values.items() if self._props.get(name) != value}
        if changed:
            self._props.update(changed)
            self.update()


class PictureElement(Component, component=_FOLDER / "picture.js"):
    """The picture, with the outline of a segment."""


class VocabularyElement(Component, component=_FOLDER / "vocabulary.js"):
    """The chips."""


class SegmentsElement(Component, component=_FOLDER / "segments.js"):
    """The table."""


class PlotElement(Component, component=_FOLDER / "plot.js"):
    """A number over time."""


class SettingsElement(Component, component=_FOLDER / "settings.js"):
    """The sliders."""
